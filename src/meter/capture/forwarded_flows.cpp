// SPDX-License-Identifier: GPL-3.0-or-later
#include "meter/capture/forwarded_flows.hpp"

#include <algorithm>

#include "base/hash.hpp"

namespace octroi::capture {
namespace {

constexpr std::int32_t timeout_seconds = ForwardedFlows::timeout.ns / 1'000'000'000;

[[nodiscard]] std::int32_t seconds_of(UtcTime time) noexcept {
    return static_cast<std::int32_t>(static_cast<std::uint32_t>(time.ns / 1'000'000'000));
}

// From `then` to `now`, modulo 2^32.
[[nodiscard]] std::int32_t elapsed(std::int32_t then, std::int32_t now) noexcept {
    return static_cast<std::int32_t>(static_cast<std::uint32_t>(now) -
                                     static_cast<std::uint32_t>(then));
}

// In both directions: the clock may be set back.
[[nodiscard]] bool is_recent(std::int32_t then, std::int32_t now) noexcept {
    const std::int32_t age = elapsed(then, now);
    return age >= -timeout_seconds && age <= timeout_seconds;
}

}  // namespace

Result<ForwardedFlows> ForwardedFlows::create(std::uint64_t seed) {
    TRY_ASSIGN(auto entries, PageArray<Entry>::reserve(ways * sets));
    return ForwardedFlows(std::move(entries), seed);
}

// The parts that a router does not change: addresses, ports, protocol, family and ICMP type.
std::uint64_t ForwardedFlows::signature(const packet::FlowKey& key) const noexcept {
    const auto& w = key.words;
    std::uint64_t h = mix(w[0] ^ seed_, w[1] ^ mix_a);
    h = mix(h ^ w[2], w[3] ^ mix_b ^ seed_);
    h = mix(h ^ (w[4] & 0xffff'ffffU), (w[5] & 0xffff'ffffU) ^ mix_c ^ seed_);
    return h == 0 ? 1 : h;
}

// Seconds since the flow was last seen.
std::int32_t ForwardedFlows::idle(const Entry& entry, std::int32_t now) noexcept {
    const std::int32_t since_arrival = elapsed(entry.arrived, now);
    const std::int32_t since_departure = elapsed(entry.left, now);
    if (entry.interface == 0) return since_departure;
    return entry.departure == no_name ? since_arrival : std::min(since_arrival, since_departure);
}

// The flow's own entry, else a free one, else that of the flow that is idle longest.
ForwardedFlows::Entry& ForwardedFlows::entry_of(const packet::FlowKey& key,
                                                std::int32_t now) noexcept {
    const std::uint64_t wanted = signature(key);
    Entry* const set = &entries_[(wanted % sets) * ways];
    Entry* place = set;
    for (Entry* e = set; e != set + ways; ++e) {
        if (e->signature == wanted) return *e;
        if (e->signature == 0 || (place->signature != 0 && idle(*e, now) > idle(*place, now)))
            place = e;
        if (e->signature == 0) break;
    }
    *place = {};
    place->signature = wanted;
    return *place;
}

bool ForwardedFlows::on_arrival(const packet::FlowKey& key, UtcTime now,
                                Departure& departure) noexcept {
    const std::int32_t seconds = seconds_of(now);
    Entry& entry = entry_of(key, seconds);
    entry.interface = key.interface();
    entry.arrived = seconds;
    if (entry.departure == no_name || !is_recent(entry.left, seconds)) return false;
    departure = {entry.departure, entry.mac};
    return true;
}

bool ForwardedFlows::on_departure(const packet::FlowKey& key, UtcTime now,
                                  const Departure& departure) noexcept {
    const std::int32_t seconds = seconds_of(now);
    Entry& entry = entry_of(key, seconds);
    entry.departure = departure.interface;
    entry.mac = departure.mac;
    entry.left = seconds;
    return entry.interface != 0 && is_recent(entry.arrived, seconds);
}

ForwardedFlows::Arrival ForwardedFlows::arrival(const packet::FlowKey& key,
                                                UtcTime now) const noexcept {
    const std::uint64_t wanted = signature(key);
    const Entry* const set = &entries_[(wanted % sets) * ways];
    for (const Entry* e = set; e != set + ways; ++e) {
        if (e->signature != wanted) continue;
        if (e->interface == 0 || !is_recent(e->arrived, seconds_of(now))) break;
        return e->interface == key.interface() ? Arrival::here : Arrival::elsewhere;
    }
    return Arrival::unknown;
}

}  // namespace octroi::capture
