// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

// Counters of 32 bits. The kernel's structure for old drivers has members of the size of a machine
// word (struct net_device_stats, linux/netdevice.h), and some devices count in 32 bits. They begin
// at 0 after 2^32-1.

#include <cstdint>
#include <limits>
#include <optional>

#include "meter/cumulative/cumulative_counters.hpp"

namespace octroi::counters {

// The increase, if one figure wrapped; nullopt: the counter was reset. A reset makes both figures
// smaller. So the other figure must have grown, the smaller one must have been in the upper half of
// 32 bits, and the octets must be possible for the packets: 14 octets (the header of Ethernet) to
// 64 KiB (segments that the kernel merges) each. Several wraps between two readings look like one.
[[nodiscard]] inline std::optional<cumulative::CounterValues> wrapped_increase(
    const cumulative::CounterValues& before, const cumulative::CounterValues& now) noexcept {
    constexpr std::uint64_t highest = std::numeric_limits<std::uint32_t>::max();
    constexpr std::uint64_t upper_half = std::uint64_t{1} << 31U;
    constexpr std::uint64_t frame_octets_least = 14;
    constexpr std::uint64_t frame_octets_most = 65'536;
    const bool bytes_fell = now.bytes < before.bytes;
    if (bytes_fell == (now.packets < before.packets)) return std::nullopt;
    const std::uint64_t fallen = bytes_fell ? before.bytes : before.packets;
    if (fallen < upper_half || fallen > highest) return std::nullopt;
    cumulative::CounterValues by{now.bytes - before.bytes, now.packets - before.packets};
    std::uint64_t& wrapped = bytes_fell ? by.bytes : by.packets;
    wrapped &= highest;
    if (by.packets > UINT64_MAX / frame_octets_most || by.bytes < by.packets * frame_octets_least ||
        by.bytes > by.packets * frame_octets_most)
        return std::nullopt;
    return by;
}

}  // namespace octroi::counters
