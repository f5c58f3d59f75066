// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

// A router's packets are seen twice when two of its interfaces are metered: coming in and going
// out. Remembers which flows came in, and on which interface, so that the second sight can be told.
//
// Bounded: a table of fixed size, in which the flow seen least recently makes room. A flow that was
// forgotten would be counted twice, so there is room for many more than a meter usually holds.
// Signatures are keyed 64 bit hashes: two flows are taken for one once in 2^40 packets or less.
// Addresses and ports that are translated on the way (NAT) make another flow: not a duplicate.

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

    // A packet of this flow came in, on the interface that the key names.
    void came_in(const packet::FlowKey& key, UtcTime now) noexcept;
    // Whether packets of this flow came in lately on another interface than the key names.
    [[nodiscard]] bool came_in_elsewhere(const packet::FlowKey& key, UtcTime now) const noexcept;

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
