// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

// What is known of traffic of which one packet in `rate` was counted, chosen at random: how large
// the error of the scaled figures may be. Integers throughout, so that everybody gets the same.
//
// A count of c packets stands for c * rate of them, with the variance c * rate * (rate - 1); sizes
// of s octets stand for rate times their sum, with the variance rate * (rate - 1) * sum of s². The
// variances of independent samples add up, and so do those of sums of readings.
// docs/decisions/0202-sampled-volumes.md has the reasons.

#include <cstdint>
#include <optional>

namespace octroi {

__extension__ using Uint128 = unsigned __int128;

// A variance is kept saturated here: where it has this value, no error can be stated.
inline constexpr std::uint64_t variance_max = INT64_MAX;
// Variances of bytes are in KiB²: in bytes² those of a busy month would not fit into 64 bits.
inline constexpr std::uint64_t variance_unit = std::uint64_t{1} << 20U;

// Rounded up to whole units, at most variance_max.
[[nodiscard]] constexpr std::uint64_t saturated_variance(Uint128 variance, std::uint64_t unit = 1) {
    const Uint128 units = variance / unit + (variance % unit != 0 ? 1 : 0);
    return units < variance_max ? static_cast<std::uint64_t>(units) : variance_max;
}
[[nodiscard]] constexpr std::uint64_t added_variances(std::uint64_t a, std::uint64_t b) {
    return a < variance_max - (b < variance_max ? b : variance_max) ? a + b : variance_max;
}

// A packet that was not counted may have been full, whatever those that were look like.
inline constexpr std::uint64_t full_packet = 1500;

// An upper bound of (sum of s²) / (sum of s) over packets of which only the number and the sum are
// known. With sizes between m and M the sum of s² is at most (M + m) * bytes - packets * M * m,
// with equality where all packets have size m or M, as those of TCP mostly have.
[[nodiscard]] std::uint64_t weighted_size_bound(std::uint64_t bytes,
                                                std::uint64_t packets) noexcept;

// The truth lies within this much of a scaled figure in at least 95 of 100 cases; of a few counted
// packets too. `added`: how much of the figure was added by scaling (the rest was counted).
// `weight_min`: what a packet that was not counted may have stood for. Rounded up; none: the
// variance is saturated.
[[nodiscard]] std::optional<std::uint64_t> error_95(std::uint64_t variance, std::uint64_t unit,
                                                    std::uint64_t added,
                                                    std::uint64_t weight_min = 0) noexcept;

}  // namespace octroi
