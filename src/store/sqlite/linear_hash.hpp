// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include <cstddef>
#include <cstdint>

#include "base/hash.hpp"
#include "host/random.hpp"
#include "store/sqlite/rows.hpp"

namespace octroi::sqlite {

// The sum over rows of figure times a random odd factor of key and column, modulo 2^64. It is the
// same for rows and for sums of them.
class LinearHash {
public:
    // Key: has parts(), numbers.
    template <typename Key>
    void add(const Key& key, const DayFigures& figures) noexcept {
        std::uint64_t place = seed_;
        for (const std::int64_t part : key.parts())
            place = mix(place ^ static_cast<std::uint64_t>(part), mix_b) + seed_;
        for (std::size_t i = 0; i < figures.size(); ++i) {
            if (figures[i] == 0) continue;
            const std::uint64_t factor = mix(place + i * mix_c, mix_a) | 1U;
            sum_ += static_cast<std::uint64_t>(figures[i]) * factor;
        }
    }
    template <typename Key>
    void subtract(const Key& key, DayFigures figures) noexcept {
        for (std::int64_t& figure : figures) figure = wrapped_difference(0, figure);
        add(key, figures);
    }
    [[nodiscard]] bool is_zero() const noexcept { return sum_ == 0; }

private:
    std::uint64_t seed_ = random_seed();
    std::uint64_t sum_ = 0;
};

}  // namespace octroi::sqlite
