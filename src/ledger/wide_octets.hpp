// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

// Differences of octets that are shown, not booked: forged traffic can have sums near 64 bits.

#include <algorithm>
#include <cstdint>
#include <limits>

namespace octroi {

__extension__ using WideOctets = __int128;

// The nearest value of 64 bits.
[[nodiscard]] constexpr std::int64_t clamped(WideOctets value) noexcept {
    using Limits = std::numeric_limits<std::int64_t>;
    return static_cast<std::int64_t>(std::clamp<WideOctets>(value, Limits::min(), Limits::max()));
}

}  // namespace octroi
