// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

// Whether a link can have carried what a reading says, in the time that it is about. The counts and
// the times of a record are single fields that an exporter may write wrongly, or that anybody may
// forge.

#include <algorithm>
#include <cstdint>

#include "base/time.hpp"
#include "record/reading.hpp"

namespace octroi::normalize {

// A record without times may be about as long as the longest time-out of routers.
inline constexpr Duration unstated_length = Duration::minutes(30);
// A sample stands for packets before and after it.
inline constexpr Duration sample_margin = Duration::minutes(1);
// Clocks of exporters count in seconds, some round down.
inline constexpr Duration margin = Duration::seconds(1);
// The shortest frame of Ethernet, in octets, with its preamble and the gap behind it.
inline constexpr std::uint64_t frame_min = 84;

// has_times: the record states when the traffic was.
[[nodiscard]] inline bool is_plausible(const Reading& reading, bool has_times,
                                       std::uint64_t bits_per_second) noexcept {
    // The usual case, without a division: what the link carries in the margin alone.
    const std::uint64_t least = bits_per_second / 8;
    if (reading.bytes <= least && reading.packets <= least / frame_min) return true;
    Duration length = has_times ? reading.last - reading.first : unstated_length;
    length = length + (reading.sampling > 1 ? sample_margin : margin);
    const auto milliseconds =
        static_cast<std::uint64_t>(std::max<std::int64_t>(length.ns / 1'000'000, 1));
    __extension__ using Wide = unsigned __int128;
    const Wide octets = Wide{bits_per_second} * milliseconds / 8000;
    return reading.bytes <= octets && reading.packets <= octets / frame_min;
}

}  // namespace octroi::normalize
