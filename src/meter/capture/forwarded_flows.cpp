// SPDX-License-Identifier: GPL-3.0-or-later
#include "meter/capture/forwarded_flows.hpp"

#include "base/hash.hpp"

namespace octroi::capture {
namespace {

[[nodiscard]] std::int32_t seconds_of(UtcTime time) noexcept {
    return static_cast<std::int32_t>(static_cast<std::uint32_t>(time.ns / 1'000'000'000));
}

// From `then` to `now`, modulo 2^32.
[[nodiscard]] std::int32_t elapsed(std::int32_t then, std::int32_t now) noexcept {
    return static_cast<std::int32_t>(static_cast<std::uint32_t>(now) -
                                     static_cast<std::uint32_t>(then));
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

void ForwardedFlows::on_arrival(const packet::FlowKey& key, UtcTime now) noexcept {
    const std::uint64_t wanted = signature(key);
    const std::int32_t seconds = seconds_of(now);
    Entry* const set = &entries_[(wanted % sets) * ways];
    Entry* place = set;  // the flow's own, else a free one, else that of the oldest flow
    for (Entry* e = set; e != set + ways; ++e) {
        if (e->signature == wanted) {
            place = e;
            break;
        }
        if (e->signature == 0 || (place->signature != 0 &&
                                  elapsed(e->seconds, seconds) > elapsed(place->seconds, seconds)))
            place = e;
        if (e->signature == 0) break;
    }
    *place = {wanted, seconds, key.interface(), 0};
}

bool ForwardedFlows::arrived_elsewhere(const packet::FlowKey& key, UtcTime now) const noexcept {
    const std::uint64_t wanted = signature(key);
    const std::int32_t seconds = seconds_of(now);
    constexpr std::int32_t limit = timeout.ns / 1'000'000'000;
    const Entry* const set = &entries_[(wanted % sets) * ways];
    for (const Entry* e = set; e != set + ways; ++e) {
        if (e->signature != wanted) continue;
        const std::int32_t age = elapsed(e->seconds, seconds);
        return e->interface != key.interface() && age >= -limit && age <= limit;
    }
    return false;
}

}  // namespace octroi::capture
