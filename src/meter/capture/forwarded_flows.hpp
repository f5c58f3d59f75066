// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

// The flows that this machine forwards or may forward: on which interface each has arrived lately,
// and where it has left. A packet of a flow that has arrived is a duplicate where it leaves.
//
// A table of fixed size (1 million flows, 32 MiB); the flow that was seen least recently is
// evicted. Packets of an evicted flow would count twice, so the table is larger than a flow table
// usually is. The key is a 64-bit hash with a secret: two flows have the same one in less than one
// of 2^40 packets.

#include <cstdint>

#include "base/result.hpp"
#include "base/time.hpp"
#include "host/memory.hpp"
#include "meter/capture/sample.hpp"
#include "wire/packet/packet.hpp"

namespace octroi::capture {

class ForwardedFlows {
public:
    static constexpr Duration timeout = Duration::seconds(60);

    [[nodiscard]] static Result<ForwardedFlows> create(std::uint64_t seed);

    // A packet of this flow has arrived, on the interface in the key. Writes where the flow left
    // within `timeout`, and returns whether that is known.
    bool on_arrival(const packet::FlowKey& key, UtcTime now, Departure& departure) noexcept;
    // A packet of this flow leaves. Returns whether the flow has arrived within `timeout`.
    bool on_departure(const packet::FlowKey& key, UtcTime now, const Departure& departure) noexcept;
    // Where packets of this flow have arrived within `timeout`: on the key's interface?
    enum class Arrival : std::uint8_t { unknown, here, elsewhere };
    [[nodiscard]] Arrival arrival(const packet::FlowKey& key, UtcTime now) const noexcept;

private:
    struct Entry {
        std::uint64_t signature;  // 0: free
        std::int32_t arrived;     // seconds, modulo 2^32; valid if interface is not 0
        std::int32_t left;        // likewise; valid if departure is not no_name
        NameRef departure;
        std::uint16_t interface;
        Mac mac;  // of the departure
    };
    static_assert(sizeof(Entry) == 32);
    static constexpr std::size_t ways = 4;
    static constexpr std::size_t sets = std::size_t{1} << 18U;

    ForwardedFlows(PageArray<Entry> entries, std::uint64_t seed) noexcept
        : entries_(std::move(entries)), seed_(seed) {}
    [[nodiscard]] std::uint64_t signature(const packet::FlowKey& key) const noexcept;
    [[nodiscard]] static std::int32_t idle(const Entry& entry, std::int32_t now) noexcept;
    [[nodiscard]] Entry& entry_of(const packet::FlowKey& key, std::int32_t now) noexcept;

    PageArray<Entry> entries_;
    std::uint64_t seed_;
};

}  // namespace octroi::capture
