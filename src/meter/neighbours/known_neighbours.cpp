// SPDX-License-Identifier: GPL-3.0-or-later
#include "meter/neighbours/known_neighbours.hpp"

#include <utility>

#include "record/identity_values.hpp"

namespace octroi::neighbours {
namespace {

bool is_link_local(const Address& address) {
    return address.family == Family::v6 && address.octets[0] == 0xfe &&
           (address.octets[1] & 0xc0U) == 0x80;
}

// Of one host: neither a group, nor the broadcast or an unspecified address.
bool is_unicast(const Address& address) {
    if (address.family == Family::v4)
        return address.octets[0] != 0 && address.octets[0] != 127 && address.octets[0] < 224;
    return address.octets[0] != 0xff && address != Address::v6(Address{}.octets.data());
}

bool is_unicast(const Mac& mac) { return !mac.empty() && (mac.octets[0] & 1U) == 0; }

bool is_proof(NeighbourState state) {
    return state == NeighbourState::reachable || state == NeighbourState::permanent;
}

// The kernel uses the MAC address, and has no proof from the last seconds.
bool is_in_use(NeighbourState state) {
    return state == NeighbourState::stale || state == NeighbourState::delay ||
           state == NeighbourState::probe;
}

}  // namespace

bool KnownNeighbours::is_of_interest(const NeighbourEntry& entry) const {
    return is_unicast(entry.address) && !is_link_local(entry.address) && !entry.is_router &&
           (policy_.networks.empty() || any_contains(policy_.networks, entry.address));
}

void KnownNeighbours::on_entry(const NeighbourEntry& entry, UtcTime wall, Duration uptime) {
    if (!is_of_interest(entry)) return;
    if (!entry.is_removed && is_proof(entry.state) && is_unicast(entry.mac))
        return on_proof(entry, wall, uptime);
    const auto found = known_.find(entry.address);
    const bool is_known = found != known_.end() && found->second.interface == entry.interface;
    if (!entry.is_removed && is_in_use(entry.state)) {
        if (!is_known || found->second.mac != entry.mac) {
            ++unproven_;
            return;
        }
        found->second.gone_since.reset();
        found->second.listing = listing_;
    } else if (is_known && !found->second.gone_since) {
        found->second.gone_since = uptime;
    }
}

void KnownNeighbours::on_proof(const NeighbourEntry& entry, UtcTime wall, Duration uptime) {
    auto found = known_.find(entry.address);
    const bool is_of_mac = found != known_.end() && found->second.mac == entry.mac;
    const auto of_mac = addresses_.find(entry.mac);
    const bool is_beyond =
        (found == known_.end() && known_.size() >= policy_.limit) ||
        (!is_of_mac && of_mac != addresses_.end() && of_mac->second >= policy_.limit_of_a_mac);
    if (is_beyond) {
        ++refused_;
        // The MAC address of before has it no longer.
        if (found != known_.end() && !found->second.gone_since) found->second.gone_since = uptime;
        return;
    }
    const bool is_new = found == known_.end();
    if (is_new) found = known_.emplace(entry.address, Known{}).first;
    Known& known = found->second;
    const bool has_changed = known.mac != entry.mac;
    if (has_changed && !is_new) {
        ++changed_;
        remove_from_mac(known.mac);
    }
    if (has_changed) ++addresses_[entry.mac];
    known.mac = entry.mac;
    known.interface = entry.interface;
    known.gone_since.reset();
    known.listing = listing_;
    if (has_changed) state(entry.address, known, wall, uptime);
}

void KnownNeighbours::state(const Address& address, Known& known, UtcTime wall, Duration uptime) {
    events_.push_back(
        {wall, identity_of(address), identity_of(known.mac), wall + policy_.valid_for});
    known.stated = uptime;
}

void KnownNeighbours::end_listing(Duration uptime) {
    for (auto& [address, known] : known_)
        if (known.listing != listing_ && !known.gone_since) known.gone_since = uptime;
}

void KnownNeighbours::expire(UtcTime wall, Duration uptime) {
    for (auto at = known_.begin(); at != known_.end();) {
        Known& known = at->second;
        if (known.gone_since && uptime - *known.gone_since >= policy_.gone_after) {
            events_.push_back({wall, identity_of(at->first), no_holder()});
            remove_from_mac(known.mac);
            at = known_.erase(at);
            continue;
        }
        const Duration age = uptime - known.stated;
        if (!known.gone_since && age + age >= policy_.valid_for)
            state(at->first, known, wall, uptime);
        ++at;
    }
}

void KnownNeighbours::remove_from_mac(const Mac& mac) {
    const auto found = addresses_.find(mac);
    if (found != addresses_.end() && --found->second == 0) addresses_.erase(found);
}

std::vector<IdentityEvent> KnownNeighbours::drain_events() { return std::exchange(events_, {}); }

std::vector<CounterValue> KnownNeighbours::counters() const {
    return {{neighbour_counters[0].name, known_.size()},
            {neighbour_counters[1].name, changed_},
            {neighbour_counters[2].name, unproven_},
            {neighbour_counters[3].name, refused_},
            {neighbour_counters[4].name, lost_}};
}

}  // namespace octroi::neighbours
