// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

// The error of figures that were scaled up from random sampling of one packet in `rate`. Integer
// arithmetic only, so that every machine computes the same error.
//
// c counted packets are scaled to c * rate packets, with the variance c * rate * (rate - 1).
// Counted packets of s octets each are scaled to rate * (sum of s) bytes, with the variance rate *
// (rate - 1) * (sum of s²). Variances of independent samples are added, also when readings are
// summed. Reasons: docs/decisions/0202-sampled-volumes.md.

#include <cstdint>
#include <optional>

#include "base/hash.hpp"

namespace octroi {

// Stored variances saturate at this value. It then means "unknown": no error can be stated.
inline constexpr std::uint64_t variance_max = INT64_MAX;
// Variances of bytes are stored in KiB²: in bytes², those of a busy month exceed 64 bits.
inline constexpr std::uint64_t variance_unit = std::uint64_t{1} << 20U;

// `variance` in whole units, rounded up, at most variance_max.
[[nodiscard]] constexpr std::uint64_t saturated_variance(Uint128 variance, std::uint64_t unit = 1) {
    const Uint128 units = variance / unit + (variance % unit != 0 ? 1 : 0);
    return units < variance_max ? static_cast<std::uint64_t>(units) : variance_max;
}
// The sum, at most variance_max.
[[nodiscard]] constexpr std::uint64_t added_variances(std::uint64_t a, std::uint64_t b) {
    return a < variance_max - (b < variance_max ? b : variance_max) ? a + b : variance_max;
}

// Octets of a full Ethernet packet at layer 3. A packet that was not sampled may have been this
// long, even if all sampled packets were short.
inline constexpr std::uint64_t full_packet = 1500;

// An upper bound, in octets, of (sum of s²) / (sum of s) over packets of which only the number and
// the total of bytes are known. With sizes between m and M, the sum of s² is at most
// (M + m) * bytes - packets * M * m. The bound is exact where every packet has size m or M, as most
// packets of TCP transfers have.
[[nodiscard]] std::uint64_t weighted_size_bound(std::uint64_t bytes,
                                                std::uint64_t packets) noexcept;

// Half the width of the 95 % confidence interval around a scaled figure, rounded up: the true
// figure is inside in at least 95 of 100 cases, also when only a few packets were counted.
// nullopt: the variance is saturated.
//   variance    in units of `unit`: 1 for packets, variance_unit for bytes
//   added       the part of the figure that scaling added (figure minus counted part)
//   weight_min  the least weight to assume for a packet that was not counted: its rate, times
//               full_packet for bytes
[[nodiscard]] std::optional<std::uint64_t> error_95(std::uint64_t variance, std::uint64_t unit,
                                                    std::uint64_t added,
                                                    std::uint64_t weight_min = 0) noexcept;

}  // namespace octroi
