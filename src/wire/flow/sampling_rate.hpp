// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

// Whether a sampling rate that an exporter states can be right.

#include <cstdint>

namespace octroi::flow {

// Nobody samples fewer packets: a port of 400 Gbit/s would give one sample in some hundred
// milliseconds.
inline constexpr std::uint64_t sampling_rate_max = std::uint64_t{1} << 24U;

// The rate, 1 in so many packets. Some routers send a number of 32 bits with the least octet first:
// a larger rate is read so if that makes a possible one. 0: it cannot be right.
[[nodiscard]] constexpr std::uint64_t plausible_rate(std::uint64_t stated) noexcept {
    if (stated <= sampling_rate_max) return stated;
    if (stated > UINT32_MAX) return 0;
    const std::uint64_t reversed = __builtin_bswap32(static_cast<std::uint32_t>(stated));
    return reversed <= sampling_rate_max ? reversed : 0;
}

}  // namespace octroi::flow
