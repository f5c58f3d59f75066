// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

// Whether a link can have carried the increase of a counter. A rule may be restored with the values
// of another time, and a peer of a tunnel or a driver may state any number.

#include <algorithm>
#include <cstdint>

#include "base/time.hpp"
#include "meter/cumulative/cumulative_counters.hpp"

namespace octroi::cumulative {

// Readings are late by scheduling, and a link has queues.
inline constexpr Duration reading_margin = Duration::seconds(1);
// The shortest frame of Ethernet, in octets, with its preamble and the gap behind it.
inline constexpr std::uint64_t frame_octets_min = 84;

// time: between the two readings. bits_per_second: of the fastest link, both directions together
// where the counter has both.
[[nodiscard]] inline bool is_possible(const CounterValues& increase, Duration time,
                                      std::uint64_t bits_per_second) noexcept {
    const auto milliseconds =
        static_cast<std::uint64_t>(std::max<std::int64_t>((time + reading_margin).ns, 0)) /
        1'000'000;
    __extension__ using Wide = unsigned __int128;
    const Wide octets = Wide{bits_per_second} * milliseconds / 8000;
    return increase.bytes <= octets && increase.packets <= octets / frame_octets_min;
}

}  // namespace octroi::cumulative
