// SPDX-License-Identifier: GPL-3.0-or-later
#include "wire/ipfix/rate.hpp"

#include <bit>
#include <cmath>

#include "base/quantity.hpp"

namespace octroi::ipfix {

std::uint64_t rate_of_count_space(std::uint64_t count, std::uint64_t space) noexcept {
    if (count == 0) return 0;
    const auto all = checked_add(count, space);
    return all ? *all / count : 0;
}

std::uint64_t rate_of_size_population(std::uint64_t size, std::uint64_t population) noexcept {
    return size == 0 || population < size ? 0 : population / size;
}

std::uint64_t rate_of_probability(std::uint64_t bits, std::size_t octets) noexcept {
    const double p = octets == 4 ? double{std::bit_cast<float>(static_cast<std::uint32_t>(bits))}
                                 : std::bit_cast<double>(bits);
    constexpr double least = 1e-15;  // of smaller ones a double cannot hold the rate exactly
    if (!(p >= least && p <= 1)) return 0;
    return static_cast<std::uint64_t>(std::llround(1 / p));
}

}  // namespace octroi::ipfix
