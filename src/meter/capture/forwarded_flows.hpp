// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

// The flows that have arrived lately, and on which interface: a packet of such a flow on another
// interface is a duplicate, because the machine has forwarded it.
//
// A table of fixed size (1 million flows, 16 MiB); the flow that was seen least recently is
// evicted. Packets of an evicted flow would count twice, so the table is larger than a flow table
// usually is. The key is a 64-bit hash with a secret: two flows have the same one in less than one
// of 2^40 packets. A NAT changes addresses or ports, so its two sides are different flows: no
// duplicate.

#include <array>
#include <cstdint>

#include "base/result.hpp"
#include "base/time.hpp"
#include "host/memory.hpp"
#include "wire/packet/packet.hpp"

namespace octroi::capture {

class ForwardedFlows {
public:
    static constexpr Duration timeout = Duration::seconds(60);

    [[nodiscard]] static Result<ForwardedFlows> create(std::uint64_t seed);

    // A packet of this flow has arrived, on the interface in the key.
    void on_arrival(const packet::FlowKey& key, UtcTime now) noexcept;
    // Whether packets of this flow have arrived within `timeout` on another interface than the
    // key's.
    [[nodiscard]] bool arrived_elsewhere(const packet::FlowKey& key, UtcTime now) const noexcept;

private:
    struct Entry {
        std::uint64_t signature;  // 0: free
        std::int32_t seconds;     // modulo 2^32
        std::uint16_t interface;
        std::uint16_t unused;
    };
    static constexpr std::size_t ways = 4;
    static constexpr std::size_t sets = std::size_t{1} << 18U;

    ForwardedFlows(PageArray<Entry> entries, std::uint64_t seed) noexcept
        : entries_(std::move(entries)), seed_(seed) {}
    [[nodiscard]] std::uint64_t signature(const packet::FlowKey& key) const noexcept;

    PageArray<Entry> entries_;
    std::uint64_t seed_;
};

}  // namespace octroi::capture
