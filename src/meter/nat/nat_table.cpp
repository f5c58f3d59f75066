// SPDX-License-Identifier: GPL-3.0-or-later
#include "meter/nat/nat_table.hpp"

#include <algorithm>
#include <cstring>
#include <utility>

#include "base/address_octets.hpp"

namespace octroi::nat {
namespace {

// Translations that are looked at before one end is held to have none: blocks of ports that lie
// within one another, and the history of one end.
constexpr int steps_max = 64;
constexpr std::uint16_t port_max = 65535;

// How far a moment is from [begin, end).
Duration distance(UtcTime begin, UtcTime end, UtcTime at) noexcept {
    if (at < begin) return begin - at;
    return at < end ? Duration{} : at - end + Duration{1};
}

}  // namespace

std::size_t NatTable::AddressHash::operator()(const Address& address) const noexcept {
    std::uint64_t low = 0;
    std::uint64_t high = 0;
    std::memcpy(&low, address.octets.data(), sizeof low);
    std::memcpy(&high, address.octets.data() + sizeof low, sizeof high);
    const std::uint64_t first =
        mix(low ^ seed ^ mix_a, mix_b + static_cast<std::uint64_t>(address.bits()));
    return mix(first ^ high, mix_c ^ seed);
}

NatTable::Key NatTable::key_of(const Translation& t) noexcept {
    return {t.first_port != t.last_port,
            t.protocol,
            t.first_port,
            t.last_port,
            t.port_step,
            t.remote,
            t.remote_port,
            t.valid.begin,
            t.inside,
            t.inside_port};
}

Translation NatTable::translation_of(const Claim& claim, const Key& key, const Entry& entry) {
    Translation t;
    t.exporter = claim.exporter;
    t.outside = claim.outside;
    t.protocol = key.protocol;
    t.first_port = key.first;
    t.last_port = key.last;
    t.port_step = key.step;
    t.remote = key.remote;
    t.remote_port = key.remote_port;
    t.inside = key.inside;
    t.inside_port = key.inside_port;
    t.valid = {key.begin, entry.end};
    return t;
}

NatTable::Entries::iterator NatTable::latest(Entries& entries, Key key, UtcTime at) {
    key.begin = at + Duration{1};
    key.inside = {};  // before every other
    key.inside_port = 0;
    auto found = entries.lower_bound(key);
    if (found == entries.begin() || !(--found)->first.same_end(key)) return entries.end();
    return found;
}

// ---- what became known

void NatTable::note(const Claim& claim, Entries::iterator at) {
    Entry& entry = at->second;
    if (entry.round == round_) {
        changes_[entry.change].valid.end = entry.end;
        return;
    }
    if (changes_.size() >= limits_.changes) {
        ++forgotten_;
        return;
    }
    entry.round = round_;
    entry.change = changes_.size();
    changes_.push_back(translation_of(claim, at->first, entry));
}

void NatTable::forget_change(const Entry& entry) {
    if (entry.round == round_) changes_[entry.change] = {};
}

std::vector<Translation> NatTable::drain_changes() {
    ++round_;
    std::vector<Translation> taken = std::exchange(changes_, {});
    std::erase_if(taken, [](const Translation& t) { return t.outside.empty(); });
    std::sort(taken.begin(), taken.end());
    // One that was forgotten and told again: the earlier end is the one that was told.
    taken.erase(std::unique(taken.begin(), taken.end(), is_same_but_for_end), taken.end());
    return taken;
}

// ---- places

NatTable::Claim* NatTable::find_claim(const Translation& t) {
    const auto known = outsides_.find(t.outside);
    if (known == outsides_.end()) return nullptr;
    for (const auto& claim : known->second)
        if (claim->exporter == t.exporter) return claim.get();
    return nullptr;
}

void NatTable::remove(Claim& claim, Entries::iterator at) {
    const auto owner = exporters_.find(claim.exporter);
    Exporter& exporter = owner->second;
    (at->second.is_open() ? exporter.open : exporter.closed).erase(at->second.place);
    claim.entries.erase(at);
    --size_;
    if (exporter.size() == 0) exporters_.erase(owner);
    if (!claim.entries.empty()) return;
    const auto of = outsides_.find(claim.outside);
    std::erase_if(of->second, [&](const auto& one) { return one.get() == &claim; });
    if (of->second.empty()) outsides_.erase(of);
}

bool NatTable::make_room(const Address& exporter, UtcTime now) {
    const auto oldest = [&]() -> Place* {
        const auto owner = exporters_.find(exporter);
        if (owner == exporters_.end()) return nullptr;
        auto& [closed, open] = owner->second;
        return !closed.empty() ? &closed.front() : &open.front();
    };
    const auto is_over = [&](const Place& place) {
        const Entry& entry = place.entry->second;
        return !entry.is_open() && entry.end < now - kept_after_end;
    };
    Place* place = oldest();
    for (; place != nullptr && is_over(*place); place = oldest())
        remove(*place->claim, place->entry);
    const std::size_t own = place == nullptr ? 0 : exporters_.find(exporter)->second.size();
    if (size_ < limits_.places && own < limits_.places / 2) return true;
    if (place == nullptr) return false;
    remove(*place->claim, place->entry);
    ++forgotten_;
    return true;
}

bool NatTable::add(const Translation& t, bool start_known) {
    Claim* claim = find_claim(t);
    if (claim == nullptr) {
        Claims& claims = outsides_[t.outside];
        if (claims.size() >= limits_.exporters_of_address) return false;
        claim =
            claims.emplace_back(std::make_unique<Claim>(Claim{t.outside, t.exporter, {}})).get();
    }
    const auto [at, is_new] = claim->entries.try_emplace(key_of(t));
    if (!is_new) return false;
    Entry& entry = at->second;
    entry.end = t.valid.end;
    entry.start_known = start_known;
    Exporter& exporter = exporters_[t.exporter];
    Places& places = entry.is_open() ? exporter.open : exporter.closed;
    entry.place = places.insert(places.end(), {claim, at});
    ++size_;
    note(*claim, at);
    return true;
}

bool NatTable::has_claims_left(const Translation& t) {
    const auto known = outsides_.find(t.outside);
    return known == outsides_.end() || known->second.size() < limits_.exporters_of_address ||
           find_claim(t) != nullptr;
}

void NatTable::add_with_room(const Translation& t, bool start_known, UtcTime now) {
    if (!has_claims_left(t) || !make_room(t.exporter, now) || !add(t, start_known)) ++forgotten_;
}

void NatTable::close(const Claim& claim, Entries::iterator at, UtcTime end) {
    Entry& entry = at->second;
    Exporter& exporter = exporters_.find(claim.exporter)->second;
    exporter.closed.splice(exporter.closed.end(), exporter.open, entry.place);
    entry.end = std::max(end, at->first.begin);
    note(claim, at);
}

// ---- events

void NatTable::begin(Translation translation, UtcTime at, UtcTime now) {
    translation.valid = {at, UtcTime::max()};
    Claim* claim = find_claim(translation);
    if (claim == nullptr) return add_with_room(translation, true, now);
    const Key key = key_of(translation);
    Entries& entries = claim->entries;
    const auto after = entries.lower_bound(key);
    if (after != entries.end() && after->first == key) return;
    if (after != entries.end() && after->first.same_end(key) && after->first.begin > at)
        translation.valid.end = after->first.begin;
    if (const auto before = latest(entries, key, at); before != entries.end()) {
        const Entry& entry = before->second;
        if (entry.is_open()) {
            close(*claim, before, at);
        } else if (!entry.start_known && entry.end > at && before->first.inside == key.inside) {
            // Its end came first.
            translation.valid.end = entry.end;
            forget_change(entry);
            remove(*claim, before);
        }
    }
    add_with_room(translation, true, now);
}

void NatTable::end(Translation translation, UtcTime at, UtcTime now) {
    translation.valid = {at - unknown_start, at};
    Claim* claim = find_claim(translation);
    if (claim == nullptr) return add_with_room(translation, false, now);
    Key key = key_of(translation);
    key.begin = at;
    Entries& entries = claim->entries;
    const auto newest = latest(entries, key, at);
    auto found = newest;
    for (int steps = 0; steps < steps_max && found != entries.end(); ++steps) {
        const Entry& entry = found->second;
        if (found->first.inside == key.inside) {
            if (entry.is_open()) return close(*claim, found, at);
            // It is known to be over, unless it began once more since.
            if (found != newest || entry.end >= at - clock_grace) return;
            break;
        }
        if (found == entries.begin() || !(--found)->first.same_end(key)) break;
    }
    // By an unsteady clock one may end before it began.
    const auto after = entries.upper_bound(key);
    if (after != entries.end() && after->first.same_end(key) && after->second.is_open() &&
        after->first.inside == key.inside && after->first.begin - at <= clock_grace)
        return close(*claim, after, at);
    if (newest != entries.end()) {
        if (newest->second.is_open()) {
            ++contradicted_;
            return;
        }
        translation.valid.begin =
            std::clamp(newest->second.end, translation.valid.begin, translation.valid.end);
    }
    add_with_room(translation, false, now);
}

// ---- the question

const NatTable::Key* NatTable::find_in(const Claim& claim, const Ask& ask, UtcTime at,
                                       Duration grace) {
    const Entries& entries = claim.entries;
    // Backwards from there: the nearest in time of those that are meant.
    const auto search = [&](const Key& behind, const auto& belongs) -> const Key* {
        const Key* best = nullptr;
        Duration nearest = grace;
        auto i = entries.lower_bound(behind);
        for (int steps = 0; steps < steps_max && i != entries.begin(); ++steps) {
            const auto& [key, entry] = *--i;
            if (key.block != behind.block || key.protocol != behind.protocol || !belongs(key))
                break;
            if (ask.port < key.first || ask.port > key.last ||
                (ask.port - key.first) % key.step != 0)
                continue;
            const Duration far = distance(key.begin, entry.end, at);
            if (far > nearest || (best != nullptr && far == nearest)) continue;
            best = &key;
            nearest = far;
            if (far == Duration{}) break;
        }
        return best;
    };
    const UtcTime until = at + grace + Duration{1};
    const auto of_end = [&](Key key) {
        key.begin = until;
        return search(key, [&](const Key& other) { return other.same_end(key); });
    };
    const auto single = [&](std::uint8_t protocol, const Address& remote, std::uint16_t port) {
        return of_end({false, protocol, ask.port, ask.port, 1, remote, port, {}, {}, 0});
    };
    if (const Key* found = single(ask.protocol, ask.remote, ask.remote_port)) return found;
    for (const std::uint8_t protocol : {ask.protocol, std::uint8_t{0}})
        if (const Key* found = single(protocol, {}, 0)) return found;
    for (const std::uint8_t protocol : {ask.protocol, std::uint8_t{0}}) {
        const Key behind{true, protocol, ask.port,       port_max, port_max,
                         {},   0,        UtcTime::max(), {},       0};
        if (const Key* found = search(behind, [](const Key&) { return true; })) return found;
        if (const Key* found = of_end({true, protocol, 0, port_max, 1, {}, 0, {}, {}, 0}))
            return found;
    }
    return nullptr;
}

std::optional<NatTable::Inside> NatTable::inside_of(const Ask& ask) const {
    const auto known = outsides_.find(ask.outside);
    if (known == outsides_.end()) return std::nullopt;
    const auto is_believed = [&](const Address& exporter) {
        return any_contains(ask.believed, exporter);
    };
    const std::array<std::pair<UtcTime, Duration>, 3> moments{
        {{ask.first, {}}, {ask.last, {}}, {ask.first, clock_grace}}};
    for (const auto& [at, grace] : moments) {
        const Key* best = nullptr;
        for (const auto& claim : known->second) {
            const bool is_own = claim->exporter == ask.exporter;
            if (!is_own && !is_believed(claim->exporter)) continue;
            const Key* found = find_in(*claim, ask, at, grace);
            if (found == nullptr) continue;
            if (is_own || best == nullptr || found->begin > best->begin) best = found;
            if (is_own) break;
        }
        if (best != nullptr) return Inside{best->inside, best->inside_port};
    }
    return std::nullopt;
}

// ---- octets

namespace {

void put(ByteWriter& out, const Translation& t, bool start_known) {
    for (const Address* address : {&t.exporter, &t.outside, &t.remote, &t.inside})
        octroi::save(out, *address);
    out.u8(t.protocol);
    for (const std::uint16_t port :
         {t.first_port, t.last_port, t.port_step, t.remote_port, t.inside_port})
        out.be16(port);
    for (const UtcTime time : {t.valid.begin, t.valid.end})
        out.be64(static_cast<std::uint64_t>(time.ns));
    out.u8(start_known ? 1 : 0);
}

bool is_address(const Address& address, bool may_be_empty) noexcept {
    return address.bits() > 0 || (may_be_empty && address == Address{});
}

bool take(ByteCursor& in, Translation& t, bool& start_known) {
    for (Address* address : {&t.exporter, &t.outside, &t.remote, &t.inside})
        if (!octroi::restore(in, *address)) return false;
    if (!in.u8(t.protocol)) return false;
    for (std::uint16_t* port :
         {&t.first_port, &t.last_port, &t.port_step, &t.remote_port, &t.inside_port})
        if (!in.be16(*port)) return false;
    std::uint64_t begin = 0;
    std::uint64_t end = 0;
    std::uint8_t known = 0;
    if (!in.be64(begin) || !in.be64(end) || !in.u8(known) || known > 1) return false;
    t.valid = {{static_cast<std::int64_t>(begin)}, {static_cast<std::int64_t>(end)}};
    start_known = known == 1;
    // Where differences of times cannot overflow.
    constexpr Duration most = Duration::hours(24 * 366 * 200);
    if (t.valid.begin < UtcTime{-most.ns} || t.valid.begin > UtcTime{most.ns}) return false;
    return is_address(t.exporter, true) && is_address(t.outside, false) &&
           is_address(t.remote, true) && is_address(t.inside, false) && t.port_step > 0 &&
           t.first_port <= t.last_port && t.valid.begin <= t.valid.end;
}

}  // namespace

void NatTable::save(ByteWriter& out) const {
    out.be64(size_);
    for (const auto& [address, exporter] : exporters_)
        for (const Places* places : {&exporter.closed, &exporter.open})
            for (const Place& place : *places) {
                const auto& [key, entry] = *place.entry;
                put(out, translation_of(*place.claim, key, entry), entry.start_known);
            }
}

void NatTable::clear() {
    outsides_.clear();
    exporters_.clear();
    size_ = 0;
    changes_.clear();
}

bool NatTable::restore(ByteCursor& in) {
    std::uint64_t count = 0;
    bool good = in.be64(count) && count <= limits_.places;
    for (std::uint64_t i = 0; good && i < count; ++i) {
        Translation t;
        bool start_known = false;
        good = take(in, t, start_known) && add(t, start_known);
    }
    changes_ = {};  // they were told
    ++round_;
    if (!good) clear();
    return good;
}

}  // namespace octroi::nat
