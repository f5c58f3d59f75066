// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

// Sampling rates, 1 in so many packets, from the parameters that RFC 5477 section 8.2 has elements
// for. 0: the values make no rate. Fractions are rounded down, but for probabilities.

#include <cstddef>
#include <cstdint>

namespace octroi::ipfix {

// Elements 305 and 306: `count` packets are sampled, then `space` packets are not.
[[nodiscard]] std::uint64_t rate_of_count_space(std::uint64_t count, std::uint64_t space) noexcept;
// Elements 309 and 310: `size` packets out of `population` are sampled.
[[nodiscard]] std::uint64_t rate_of_size_population(std::uint64_t size,
                                                    std::uint64_t population) noexcept;
// Element 311: the bits of a float64 (8 octets) or a float32 (4 octets). Rounded to the nearest.
[[nodiscard]] std::uint64_t rate_of_probability(std::uint64_t bits, std::size_t octets) noexcept;

}  // namespace octroi::ipfix
