// SPDX-License-Identifier: GPL-3.0-or-later
#include "attribute/party_resolver.hpp"

#include <algorithm>

#include "attribute/builtin_classes.hpp"
#include "base/check.hpp"
#include "base/narrow.hpp"
#include "record/identity.hpp"

namespace octroi {
namespace {

void narrow_to(Interval& valid, const Interval& other) noexcept {
    valid.begin = std::max(valid.begin, other.begin);
    valid.end = std::min(valid.end, other.end);
}

// Uses `next` if the end has no bound identity yet. Its answer then holds only while nothing is
// bound to the identities before it.
void bind(CompiledDirectory::Answer& end, CompiledDirectory::Answer next) {
    if (end.bound) return;
    narrow_to(next.valid, end.valid);
    end = next;
}

bool is_single(const Prefix& prefix) { return prefix.length == prefix.address.bits(); }

// Whether all addresses of the prefix are. 224.0.0.0/3 holds others too.
bool is_multicast(const Prefix& prefix) {
    return builtin_class(prefix.address) == BuiltinClass::multicast && prefix.length >= 4;
}

}  // namespace

PartyResolver::PartyResolver(DirectoryPtr directory, ClassesPtr classes, ServicesPtr services,
                             std::uint64_t seed, std::pmr::memory_resource& memory)
    : names_(seed), seen_(seed, memory) {
    replace(std::move(directory), std::move(classes), std::move(services));
}

void PartyResolver::replace(DirectoryPtr directory, ClassesPtr classes, ServicesPtr services) {
    CHECK(directory && classes && services);
    directory_ = std::move(directory);
    classes_ = std::move(classes);
    services_ = std::move(services);
    names_.replace(*directory_, *classes_, *services_);
    duplicates_.use(*services_);
    number_parties();
    list_parties_of_owners();
    listed_names_.clear();
    list_names(1);
    drop_seen();
}

void PartyResolver::set_duplicates(DuplicateFilter duplicates) {
    duplicates_ = std::move(duplicates);
    duplicates_.use(*services_);
    number_parties();
    drop_seen();
}

void PartyResolver::set_names(std::span<const Name> names) {
    const auto first = static_cast<NameRef>(names_.size() + 1);
    names_.set(names);
    list_names(first);
}

void PartyResolver::list_names(NameRef first) {
    if (listed_.empty()) return;
    for (NameRef ref = first; ref <= names_.size(); ++ref) {
        const Name& name = names_.name(ref);
        if (name.kind != NameKind::prefix) continue;
        for (auto at = listed_.lower_bound({name.text, 0});
             at != listed_.end() && at->first.first == name.text; ++at)
            listed_names_.emplace(std::uint64_t{at->first.second} << 32U | ref, at->second);
    }
}

void PartyResolver::number_parties() {
    CHECK(directory_->owners().size() < held_mark);
    bases_.classes = narrow<std::uint32_t>(directory_->parties().size());
    bases_.builtin = bases_.classes + narrow<std::uint32_t>(classes_->names().size());
    bases_.excluded = bases_.builtin + narrow<std::uint32_t>(builtin_class_names.size());
    bases_.unnamed = bases_.excluded + narrow<std::uint32_t>(reasons.size());
    bases_.duplicates = bases_.unnamed + 1;
    bases_.seen = bases_.duplicates + narrow<std::uint32_t>(duplicates_.identities().size());
    // A batch lists each party once: a class name that is in the table twice, or is built in, is
    // one party.
    class_parties_.clear();
    boost::unordered_flat_map<std::string_view, std::uint32_t> known;
    for (std::uint32_t i = 1; i < builtin_class_names.size(); ++i)
        known.emplace(builtin_class_names[i], bases_.builtin + i);
    for (const std::string& name : classes_->names()) {
        const auto next = bases_.classes + static_cast<std::uint32_t>(class_parties_.size());
        class_parties_.push_back(known.try_emplace(name, next).first->second);
    }
}

void PartyResolver::list_parties_of_owners() {
    listed_.clear();
    all_listed_.clear();
    std::map<CompiledDirectory::Owner, std::uint32_t> owners;
    std::uint32_t place = 0;
    for (const CompiledDirectory::Owner& owner : directory_->owners()) {
        if (directory_->is_per_address_owner(place)) owners.emplace(owner, place);
        ++place;
    }
    std::uint32_t number = 0;
    for (const Party& party : directory_->parties()) {
        const auto owner = owners.find({party.kind, party.name});
        if (owner != owners.end()) listed_.try_emplace({party.identity, owner->second}, number);
        ++number;
    }
}

Party PartyResolver::party(std::uint32_t number) const {
    if (number < bases_.classes) return directory_->parties()[number];
    if (number < bases_.builtin)
        return {PartyKind::outside, classes_->names()[number - bases_.classes], {}};
    if (number < bases_.excluded)
        return {PartyKind::outside, std::string(builtin_class_names[number - bases_.builtin]), {}};
    if (number < bases_.unnamed)
        return {PartyKind::excluded, std::string(reasons[number - bases_.excluded]), {}};
    if (number == bases_.unnamed) return {PartyKind::unattributed, {}, {}};
    if (number < bases_.seen)
        return {PartyKind::excluded, std::string(reasons[reason_duplicate]),
                duplicates_.identities()[number - bases_.duplicates]};
    return seen_party(seen_.row(number - bases_.seen));
}

Party PartyResolver::seen_party(const SeenParties::Row& row) const {
    if ((row.owner & (name_mark | held_mark)) == held_mark) {
        const CompiledDirectory::Owner& owner = directory_->owners()[row.owner & ~held_mark];
        return {owner.kind, owner.name, held_names_.at(row.address.v4_value())};
    }
    if ((row.owner & name_mark) == 0) {
        const CompiledDirectory::Owner& owner = directory_->owners()[row.owner];
        return {owner.kind, owner.name, to_string(row.address)};
    }
    const Name& name = names_.name(row.address.v4_value());
    if (row.owner == class_name) return {PartyKind::outside, name.text, {}};
    std::string identity = identity_text({*identity_kind(name.kind), name.text});
    if (row.owner == unattributed_name) return {PartyKind::unattributed, {}, std::move(identity)};
    const CompiledDirectory::Owner& owner = directory_->owners()[row.owner & ~name_mark];
    return {owner.kind, owner.name, std::move(identity)};
}

std::uint32_t PartyResolver::exclusion(ReadingKind kind) {
    switch (kind) {
        case ReadingKind::non_ip:
            return reason_non_ip;
        case ReadingKind::malformed:
            return reason_malformed;
        case ReadingKind::duplicate:
            return reason_duplicate;
        case ReadingKind::dropped:
            return reason_dropped;
        case ReadingKind::implausible:
            return reason_implausible;
        case ReadingKind::no_user_needed:
        case ReadingKind::ip:
            break;
    }
    return not_excluded;
}

void PartyResolver::exclude(std::uint32_t reason, Ends& ends) const {
    ends.from.key = ends.to.key = nullptr;
    ends.from.number = ends.to.number = bases_.excluded + reason;
}

void PartyResolver::exclude(const DuplicateFilter::Match& match, Ends& ends) const {
    exclude(reason_duplicate, ends);
    if (match.from) ends.from.number = bases_.duplicates + *match.from;
    if (match.to) ends.to.number = bases_.duplicates + *match.to;
}

void PartyResolver::exclude_known_duplicate(const Reading& reading, std::uint32_t service,
                                            UtcTime time, Ends& ends) const {
    if (is_excluded(ends.from)) return;
    const auto single = [](const Address& address) {
        return Prefix{address, static_cast<std::uint8_t>(address.bits())};
    };
    const Prefix from = single(reading.src);
    const Prefix to = single(reading.dst);
    const auto match = duplicates_.find(reading.src.family == Family::none ? nullptr : &from,
                                        reading.dst.family == Family::none ? nullptr : &to, service,
                                        time, ends.valid);
    if (match) exclude(*match, ends);
}

void PartyResolver::exclude_known_duplicate(const CountedVolume& volume, std::uint32_t service,
                                            UtcTime time, Ends& ends) const {
    if (is_excluded(ends.from)) return;
    const auto prefix_of = [this](NameRef ref) -> const Prefix* {
        const ResolvedName* name = names_.find(ref);
        return name != nullptr && name->kind == NameKind::prefix ? &name->prefix : nullptr;
    };
    const bool is_sent = volume.direction == CountedDirection::out;
    const Prefix* local = prefix_of(volume.local);
    const Prefix* far = prefix_of(volume.far);
    const auto match =
        duplicates_.find(is_sent ? local : far, is_sent ? far : local, service, time, ends.valid);
    if (match) exclude(*match, ends);
}

void PartyResolver::find(const Reading& reading, UtcTime time, Ends& ends) const {
    ends.valid = {};
    std::uint32_t reason = exclusion(reading.kind);
    if (reason == not_excluded && (is_loopback(reading.src) || is_loopback(reading.dst)))
        reason = reason_loopback;
    if (reason != not_excluded) return exclude(reason, ends);
    const SessionTable* sessions = sessions_.get();
    Answers answers{directory_->find_address(reading.src, reading.src_mac, time, sessions),
                    directory_->find_address(reading.dst, reading.dst_mac, time, sessions)};
    if (directory_->binds_links()) bind_by_links(reading, time, answers);
    set_end(ends.from, answers.from, reading.src, {reading.src_as});
    set_end(ends.to, answers.to, reading.dst, {reading.dst_as, reading.next_hop});
    if (reading.near_name != no_name) [[unlikely]]
        bind_near_name(reading, time, answers, ends);
    narrow_to(ends.valid, answers.from.valid);
    narrow_to(ends.valid, answers.to.valid);
    if (reading.kind == ReadingKind::no_user_needed) [[unlikely]]
        exclude_unbound(reading, answers, ends);
}

void PartyResolver::exclude_unbound(const Reading& reading, const Answers& answers,
                                    Ends& ends) const {
    bool known = false;
    const bool source_is_near = near_is_source(reading, known);
    if (!known || (source_is_near ? answers.from : answers.to).bound) return;
    exclude(reason_no_user_needed, ends);
}

// In the order of their ranks: next hop, VLAN, interface, AS.
void PartyResolver::bind_by_links(const Reading& reading, UtcTime time, Answers& answers) const {
    if (reading.next_hop != no_name) bind(answers.to, find_link(reading.next_hop, time));
    bool known = false;
    const bool source_is_near = near_is_source(reading, known);
    if (known) {
        CompiledDirectory::Answer& near = source_is_near ? answers.from : answers.to;
        bind(near, directory_->find_vlan(reading.vlan, time));
        bind(near, find_link(reading.interface, time));
    }
    if (reading.out_interface != no_name) bind(answers.to, find_link(reading.out_interface, time));
    bind(answers.from, directory_->find_as(reading.src_as, time));
    bind(answers.to, directory_->find_as(reading.dst_as, time));
}

void PartyResolver::bind_near_name(const Reading& reading, UtcTime time, Answers& answers,
                                   Ends& ends) const {
    const ResolvedName* name = names_.find(reading.near_name);
    bool known = false;
    const bool source_is_near = near_is_source(reading, known);
    if (name == nullptr || !known) return;
    CompiledDirectory::Answer& answer = source_is_near ? answers.from : answers.to;
    const Address& address = source_is_near ? reading.src : reading.dst;
    End& end = source_is_near ? ends.from : ends.to;
    const CompiledDirectory::Answer by_name = find_name(reading.near_name, time);
    if (by_name.bound) {
        answer = by_name;
        return set_end(end, by_name.target, address);
    }
    narrow_to(answer.valid, by_name.valid);
    // A bound address, or one in a local network, says more than a name that is bound to no
    // account.
    if (answer.bound || directory_->find_network(address)) return;
    set_seen(end, unattributed_name, name->key);
}

// The name itself first, then the broader names that it lies within.
CompiledDirectory::Answer PartyResolver::find_name(NameRef ref, UtcTime time) const {
    CompiledDirectory::Answer answer;
    for (const ResolvedName* name = names_.find(ref); name != nullptr;
         name = names_.find(name->within)) {
        bind(answer, find_identity(*name, time));
        if (answer.bound) break;
    }
    return answer;
}

CompiledDirectory::Answer PartyResolver::find_identity(const ResolvedName& name,
                                                       UtcTime time) const {
    switch (name.lookup) {
        case IdentityLookup::by_prefix:
            return directory_->find_prefix(name.prefix, time, sessions_.get());
        case IdentityLookup::by_mac:
            return directory_->find_address({}, name.mac, time, sessions_.get());
        case IdentityLookup::by_vlan:
            return directory_->find_vlan(static_cast<std::uint16_t>(name.number), time);
        case IdentityLookup::by_as:
            return directory_->find_as(name.number, time);
        case IdentityLookup::by_name:
            break;
    }
    return directory_->find_name(name.timeline, time);
}

// As find_name(), for interfaces and next hops: almost none lies within a broader name, and this is
// on the path of every flow record.
CompiledDirectory::Answer PartyResolver::find_link(NameRef ref, UtcTime time) const {
    const ResolvedName* name = names_.find(ref);
    if (name == nullptr) return {};
    if (name->within != no_name) [[unlikely]]
        return find_name(ref, time);
    return directory_->find_name(name->timeline, time);
}

bool PartyResolver::near_is_source(const Reading& reading, bool& known) const {
    known = true;
    if (reading.direction == Direction::in) return true;
    if (reading.direction == Direction::out) return false;
    const bool src_local = directory_->find_network(reading.src).has_value();
    known = src_local != directory_->find_network(reading.dst).has_value();
    return src_local;
}

void PartyResolver::set_end(End& end, const CompiledDirectory::Answer& answer,
                            const Address& address, Stated stated) const {
    if (answer.held != nullptr) return set_held(end, answer);
    if (answer.bound) return set_end(end, answer.target, address);
    end.key = nullptr;
    const BuiltinClass builtin = builtin_class(address);
    if (builtin != BuiltinClass::none) {
        end.number = bases_.builtin + static_cast<std::uint32_t>(builtin);
        return;
    }
    if (const auto network = directory_->find_network(address))
        return set_end(end, *network, address);
    end.number = class_parties_[class_of(address, stated)];
}

std::uint32_t PartyResolver::class_of(const Address& address, Stated stated) const {
    if (classes_->asks_next_hops() && stated.next_hop != no_name) {
        const ResolvedName* next_hop = names_.find(stated.next_hop);
        if (next_hop != nullptr && next_hop->class_index != CompiledClasses::no_class)
            return next_hop->class_index;
    }
    return classes_->find(address, stated.as);
}

void PartyResolver::set_end(End& end, const CompiledDirectory::Target& target,
                            const Address& address) const {
    if (target.per_address) return set_seen(end, target.index, address);
    end.number = target.index;
    end.key = nullptr;
}

void PartyResolver::set_seen(End& end, std::uint32_t owner, const Address& key) const {
    end.number = owner;
    end.key = &key;
    end.held = nullptr;
    end.hash = seen_.hash(owner, key);
}

// The directory may list the same party, with a binding that is valid at another time.
void PartyResolver::set_held(End& end, const CompiledDirectory::Answer& answer) const {
    const HeldSessions& held = *answer.held;
    if (all_listed_.empty()) {
        std::uint32_t number = 0;
        for (const Party& party : directory_->parties()) {
            all_listed_.try_emplace({party.identity, {party.kind, party.name}}, number);
            ++number;
        }
    }
    const auto listed =
        all_listed_.find({identity_text(held.held), directory_->owner_of(answer.target)});
    if (listed != all_listed_.end()) {
        end.key = nullptr;
        end.number = listed->second;
        return;
    }
    set_seen(end, held_mark | answer.target.index, held.party_key);
    end.held = &held;
}

void PartyResolver::find(const CountedVolume& volume, UtcTime time, Ends& ends) const {
    ends.valid = {};
    std::uint32_t reason = exclusion(volume.kind);
    if (reason == not_excluded && (is_loopback_name(volume.local) || is_loopback_name(volume.far)))
        reason = reason_loopback;
    if (reason != not_excluded) return exclude(reason, ends);
    const bool is_sent = volume.direction == CountedDirection::out;
    set_local(is_sent ? ends.from : ends.to, volume.local, time, ends.valid);
    set_far(is_sent ? ends.to : ends.from, volume.far, time, ends.valid);
}

// The near end is never outside for the lack of a name: its traffic is listed as that of no
// account.
void PartyResolver::set_local(End& end, NameRef ref, UtcTime time, Interval& valid) const {
    const ResolvedName* name = names_.find(ref);
    if (name == nullptr || !identity_kind(name->kind)) {
        end.key = nullptr;
        end.number = bases_.unnamed;
        return;
    }
    const CompiledDirectory::Answer answer = find_name(ref, time);
    narrow_to(valid, answer.valid);
    set_named(end, *name, answer);
}

void PartyResolver::set_far(End& end, NameRef ref, UtcTime time, Interval& valid) const {
    const ResolvedName* name = names_.find(ref);
    end.key = nullptr;
    if (name == nullptr || name->kind == NameKind::service) {
        end.number = bases_.builtin + static_cast<std::uint32_t>(BuiltinClass::unknown);
        return;
    }
    if (name->kind == NameKind::far_class) {
        if (name->class_index == CompiledClasses::no_class) return set_unlisted(end, *name);
        end.number = class_parties_[name->class_index];
        return;
    }
    const CompiledDirectory::Answer answer = find_name(ref, time);
    narrow_to(valid, answer.valid);
    const bool has_class = name->kind == NameKind::as || name->kind == NameKind::next_hop;
    if (answer.bound || !has_class) return set_named(end, *name, answer);
    // As for a reading that states the AS or the next hop of its far end.
    end.number = class_parties_[name->class_index != CompiledClasses::no_class
                                    ? name->class_index
                                    : classes_->find({}, name->number)];
}

void PartyResolver::set_named(End& end, const ResolvedName& name,
                              const CompiledDirectory::Answer& answer) const {
    end.key = nullptr;
    const bool is_prefix = name.lookup == IdentityLookup::by_prefix;
    if (is_prefix && is_single(name.prefix)) return set_end(end, answer, name.prefix.address, {});
    if (answer.held != nullptr) return set_held(end, answer);
    if (answer.bound || name.network) {
        const CompiledDirectory::Target target = answer.bound ? answer.target : *name.network;
        if (target.per_address) return set_per_address(end, target.index, name);
        return set_end(end, target, name.prefix.address);
    }
    if (!is_prefix) return set_seen(end, unattributed_name, name.key);
    // Neither bound nor local: its first address decides the class.
    end.number = is_multicast(name.prefix)
                     ? bases_.builtin + static_cast<std::uint32_t>(BuiltinClass::multicast)
                     : class_parties_[class_of(name.prefix.address, {})];
}

// Which addresses of the prefix had the traffic is unknown: the prefix is the identity. The
// directory may list the same party, with a binding that is valid at another time.
void PartyResolver::set_per_address(End& end, std::uint32_t owner, const ResolvedName& name) const {
    const auto listed = listed_names_.find(std::uint64_t{owner} << 32U | name.row);
    if (listed == listed_names_.end()) return set_seen(end, name_mark | owner, name.key);
    end.number = listed->second;
    end.key = nullptr;
}

bool PartyResolver::is_loopback_name(NameRef ref) const noexcept {
    const ResolvedName* name = names_.find(ref);
    return name != nullptr && name->kind == NameKind::prefix && is_loopback(name->prefix.address);
}

// A class that the table in force does not list: built in, or of another table.
void PartyResolver::set_unlisted(End& end, const ResolvedName& name) const {
    if (name.builtin == BuiltinClass::none) return set_seen(end, class_name, name.key);
    end.number = bases_.builtin + static_cast<std::uint32_t>(name.builtin);
}

}  // namespace octroi
