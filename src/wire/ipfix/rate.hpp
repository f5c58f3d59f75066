// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

// Sampling rates from what RFC 5477 section 8.2 has elements for: one packet counted stands for so
// many. 0 where the values make no rate. Rates are whole numbers, rounded down where a fraction is
// left.

#include <cstddef>
#include <cstdint>

namespace octroi::ipfix {

// Elements 305, 306: so many packets are taken, then so many passed over.
[[nodiscard]] std::uint64_t rate_of_count_space(std::uint64_t count, std::uint64_t space) noexcept;
// Elements 309, 310: so many out of so many.
[[nodiscard]] std::uint64_t rate_of_size_population(std::uint64_t size,
                                                    std::uint64_t population) noexcept;
// Element 311: the octets of a float64, or of a float32. To the nearest number.
[[nodiscard]] std::uint64_t rate_of_probability(std::uint64_t bits, std::size_t octets) noexcept;

}  // namespace octroi::ipfix
