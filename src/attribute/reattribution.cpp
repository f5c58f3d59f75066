// SPDX-License-Identifier: GPL-3.0-or-later
#include "attribute/reattribution.hpp"

#include <algorithm>
#include <climits>
#include <memory_resource>
#include <span>

#include "attribute/builtin_classes.hpp"
#include "attribute/session_bindings.hpp"
#include "record/counted_volume.hpp"
#include "record/identity.hpp"
#include "record/identity_kinds.hpp"

namespace octroi {
namespace {

constexpr int rank_of_nothing = INT_MAX;

// The account of a party; absent: it is none.
std::optional<std::string_view> account_of(const Party& party) {
    if (party.kind != PartyKind::account) return std::nullopt;
    return party.name;
}

// For reports: the addresses of a network in one line.
Prefix surroundings_of(const Prefix& prefix) {
    const int longest = prefix.address.family == Family::v4 ? 24 : 64;
    return Prefix::of(prefix.address, std::min<int>(prefix.length, longest));
}

// Interfaces, VLANs and names identify the near end, which local networks decide.
bool is_of_near_end(const Identity& identity) {
    const IdentityKindInfo* info = find_identity_kind(identity.kind);
    return info != nullptr && info->end == IdentityEnd::near;
}

}  // namespace

Result<std::unique_ptr<Reattribution>> Reattribution::create(Tables tables, std::uint64_t seed) {
    TRY_ASSIGN(auto compiled, CompiledServices::compile(tables.rules));
    auto services = std::make_shared<const CompiledServices>(std::move(compiled));
    return std::unique_ptr<Reattribution>(
        new Reattribution(std::move(tables), std::move(services), seed));
}

Reattribution::Reattribution(Tables tables, PartyResolver::ServicesPtr services, std::uint64_t seed)
    : tables_(std::move(tables)),
      services_(std::move(services)),
      service_change_(*services_, tables_.rules),
      classes_(std::make_shared<const CompiledClasses>(tables_.classes)),
      resolver_(std::make_shared<const CompiledDirectory>(tables_.directory), classes_, services_,
                seed, *std::pmr::get_default_resource()) {
    std::vector<Binding> bindings = tables_.directory.bindings;
    if (tables_.sessions) {
        const auto more = session_bindings(resolver_.directory(), *tables_.sessions);
        bindings.insert(bindings.end(), more.begin(), more.end());
    }
    resolver_.use_sessions(tables_.sessions);
    for (const Binding& binding : bindings)
        if (binding.identity.kind != IdentityKind::prefix) links_.push_back(binding);
    bindings_ = index_bindings(bindings);
}

Reattribution::Service Reattribution::service(const std::string& before) {
    const auto now = service_change_.of(before);
    if (!now) return {before, Doubt{DoubtKind::service, before}};
    return {std::string(*now), std::nullopt};
}

Reattribution::End Reattribution::end(const Party& before, UtcTime bucket, const Past& past) {
    if (before.kind == PartyKind::outside) return outside(before, bucket, past);
    if (before.kind == PartyKind::excluded || before.identity.empty()) return {before, {}};
    const Known* identity = known(before.identity);
    if (identity == nullptr) return {before, Doubt{DoubtKind::not_kept, before.identity}};
    Interval valid;
    const Party now = look_up(*identity, bucket, valid);
    if (valid.begin > bucket || valid.end < bucket + bucket_length) {
        const bool changed =
            past.directory->changes(bucket).may_decide(identity->identity, identity->prefix);
        const bool may_be_outside =
            before.kind == PartyKind::unattributed &&
            (past.directory->networks_changed() || !explains(past, *identity, before, bucket));
        // The same bindings decide at the same times.
        if (!changed && !may_be_outside)
            return {before, doubt_about(*identity, before, before, bucket, past)};
        return {before, Doubt{DoubtKind::within, before.identity}};
    }
    if (auto doubt = doubt_about(*identity, before, now, bucket, past))
        return {before, std::move(doubt)};
    const bool was_local = before.kind == PartyKind::unattributed;
    if (past.assumed_networks && was_local && now.kind == PartyKind::outside) return {before, {}};
    return {now, {}};
}

// Its address is not in the ledger: it may have any identity that is bound now and was not.
Reattribution::End Reattribution::outside(const Party& before, UtcTime bucket,
                                          const Past& past) const {
    End end{before, {}};
    const bool has_address = before.name != builtin_class_names[std::size_t(BuiltinClass::unknown)];
    if (!is_builtin_class(before.name) && past.classes != nullptr) {
        const auto now = past.classes->of(before.name).now;
        if (now)
            end.party.name = *now;
        else
            end.doubt = Doubt{DoubtKind::class_of_end, before.name};
    }
    if (has_address && !past.directory->new_network().empty())
        end.doubt = Doubt{DoubtKind::networks, past.directory->new_network()};
    const BindingChange* change = past.directory->changes(bucket).new_outside(has_address);
    if (change != nullptr) end.doubt = Doubt{DoubtKind::other, identity_text(change->identity)};
    return end;
}

const Reattribution::Known* Reattribution::known(const std::string& text) {
    const auto found = known_.find(text);
    if (found != known_.end()) return &found->second;
    auto identity = parse_identity(text);
    if (!identity) return nullptr;
    const int rank = rank_of(*identity);
    Known made{.identity = *std::move(identity), .prefix = {}, .rank = rank, .name = no_name};
    if (made.identity.kind == IdentityKind::prefix)
        made.prefix = *parse_prefix(made.identity.value);
    names_.push_back({static_cast<NameKind>(made.identity.kind), made.identity.value});
    resolver_.set_names(names_);
    made.name = static_cast<NameRef>(names_.size());
    return &known_.emplace(text, std::move(made)).first->second;
}

// As the resolver of a meter finds the end of traffic of which only this identity is known.
Party Reattribution::look_up(const Known& known, UtcTime bucket, Interval& valid) {
    CountedVolume volume;
    volume.kind = ReadingKind::ip;
    volume.local = known.name;
    volume.direction = CountedDirection::out;
    PartyResolver::Ends ends;
    resolver_.find(volume, bucket, ends);
    valid = ends.valid;
    return resolver_.party(resolver_.number_of(ends.from));
}

// The greatest rank that the binding may have that decides the end now.
int Reattribution::rank_now(const Known& known, UtcTime bucket) const {
    if (known.identity.kind != IdentityKind::prefix) return known.rank;
    static const int rank_of_shorter = rank_of({IdentityKind::prefix, "0.0.0.0/0"});
    const auto own = bindings_.find(known.identity);
    const bool is_own =
        own != bindings_.end() && std::ranges::any_of(own->second, [&](const Binding& b) {
            return b.valid.begin <= bucket && b.valid.end >= bucket + bucket_length;
        });
    return is_own ? known.rank : rank_of_shorter;
}

const std::vector<Reattribution::Links>& Reattribution::links_in(UtcTime bucket) const {
    if (links_bucket_ == bucket) return links_in_bucket_;
    links_in_bucket_.clear();
    const Interval whole{bucket, bucket + bucket_length};
    for (const Binding& binding : links_) {
        if (!binding.valid.overlaps(whole)) continue;
        const int rank = rank_of(binding.identity);
        const bool near = is_of_near_end(binding.identity);
        auto at = std::ranges::find_if(links_in_bucket_, [&](const Links& links) {
            return links.rank == rank && links.of_near_end == near;
        });
        if (at == links_in_bucket_.end()) at = links_in_bucket_.insert(at, {rank, near, {}});
        at->bindings.add(binding);
    }
    links_bucket_ = bucket;
    return links_in_bucket_;
}

// A binding of another identity than a prefix to another account, valid in the bucket, of a rank
// between that of the row and `below`: with a better rank it would have decided before.
const Binding* Reattribution::hidden_link(const Known& known, int below, const Party& now,
                                          UtcTime bucket) const {
    for (const Links& links : links_in(bucket)) {
        if (links.rank <= known.rank || links.rank >= below) continue;
        if (const Binding* found = links.bindings.not_of(account_of(now))) return found;
    }
    return nullptr;
}

std::optional<Doubt> Reattribution::doubt_about(const Known& known, const Party& before,
                                                const Party& now, UtcTime bucket,
                                                const Past& past) const {
    const bool is_bound = now.kind == PartyKind::account;
    const int rank = is_bound ? rank_now(known, bucket) : rank_of_nothing;
    const ChangedBindings& changes = past.directory->changes(bucket);
    if (auto doubt = doubt_of_changes(known, changes, now, rank)) return doubt;
    // A batch may have learned of a session that the first of its rows did not know.
    const bool is_explained = (is_bound && now == before) || explains(past, known, before, bucket);
    if (past.directory->networks_changed() || !is_explained)
        if (auto doubt = doubt_of_networks(known, rank, bucket)) return doubt;
    // A binding of a worse rank decides now, and what ranks between the two was never looked at.
    if (before.kind == PartyKind::account && changes.may_decide(known.identity, known.prefix)) {
        const Binding* link = hidden_link(known, rank, now, bucket);
        if (link != nullptr) return Doubt{DoubtKind::other, identity_text(link->identity)};
    }
    return is_bound ? std::nullopt : doubt_of_unbound(known, before, now, bucket, past);
}

// Another identity is bound now and was not. Changes to the account that decides now anyway are no
// doubt; those of bindings that may decide are not new here, or decide now.
std::optional<Doubt> Reattribution::doubt_of_changes(const Known& known,
                                                     const ChangedBindings& changes,
                                                     const Party& now, int rank) {
    const bool is_prefix = known.identity.kind == IdentityKind::prefix;
    const auto account = account_of(now);
    if (is_prefix)
        if (const auto* finer = changes.new_within(known.prefix, account))
            return Doubt{DoubtKind::finer, identity_text(finer->identity)};
    const BindingChange* other = is_prefix ? nullptr : changes.new_beside(known.identity, account);
    // A name without a binding is the identity of addresses only that are not local.
    if (other == nullptr)
        other =
            changes.new_of_other_kind(known.identity.kind, rank, !account && !is_prefix, account);
    if (other == nullptr) return std::nullopt;
    return Doubt{DoubtKind::other, identity_text(other->identity)};
}

std::optional<Doubt> Reattribution::doubt_of_networks(const Known& known, int rank,
                                                      UtcTime bucket) const {
    if (is_of_near_end(known.identity))
        return Doubt{DoubtKind::networks, identity_text(known.identity)};
    for (const Links& links : links_in(bucket)) {
        if (!links.of_near_end || links.rank >= rank) continue;
        return Doubt{DoubtKind::networks, identity_text(links.bindings.first->identity)};
    }
    return std::nullopt;
}

// No binding has the identity. The address decides, where the row has one.
std::optional<Doubt> Reattribution::doubt_of_unbound(const Known& known, const Party& before,
                                                     const Party& now, UtcTime bucket,
                                                     const Past& past) const {
    const bool is_prefix = known.identity.kind == IdentityKind::prefix;
    if (!is_prefix && before.kind == PartyKind::account)
        return Doubt{DoubtKind::not_kept, before.identity};
    if (!is_prefix || now.kind != PartyKind::outside) return std::nullopt;
    if (past.assumed_networks && before.kind == PartyKind::unattributed) return std::nullopt;
    if (!explains(past, known, before, bucket))
        return Doubt{DoubtKind::networks_unknown, to_string(surroundings_of(known.prefix))};
    if (!is_single_address(known.prefix)) return Doubt{DoubtKind::not_kept, before.identity};
    if (tables_.has_names ||
        (!is_builtin_class(now.name) && !has_certain_class(known.prefix.address)))
        return Doubt{DoubtKind::class_of_address, before.identity};
    return std::nullopt;
}

// Whether the tables of then give such an end: it was local or bound. If not, a network decided
// that the ledger does not hold: of `import --local`, `run --local`, or of the configuration of
// then.
bool Reattribution::explains(const Past& past, const Known& known, const Party& before,
                             UtcTime bucket) {
    if (known.identity.kind != IdentityKind::prefix) return true;
    if (before.kind == PartyKind::account) return past.directory->was_bound(known.prefix, bucket);
    return past.assumed_networks || past.directory->was_local(known.prefix);
}

// Whether no AS and no next hop that the row does not have could decide the class.
bool Reattribution::has_certain_class(const Address& address) const {
    if (!tables_.classes.next_hops.empty()) return false;
    const std::uint32_t alone = classes_->find(address);
    return std::ranges::all_of(tables_.classes.ases, [&](const ClassAses& range) {
        return classes_->find(address, range.first) == alone;
    });
}

}  // namespace octroi
