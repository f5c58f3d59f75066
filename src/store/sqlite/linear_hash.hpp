// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include <boost/unordered/unordered_flat_map.hpp>
#include <cstddef>
#include <cstdint>

#include "base/hash.hpp"
#include "host/random.hpp"
#include "store/sqlite/rows.hpp"

namespace octroi::sqlite {

// The sum over rows of figure times a random odd factor of key and column, modulo 2^64. It is the
// same for rows and for sums of them. Key: has parts(), numbers.
template <typename Key, typename KeyHash>
class LinearHash {
public:
    // Leaves out, of this key, the figures that are at their limit: they are not known. Called
    // before rows are added.
    void pass_over(const Key& key, const DayFigures& figures) {
        for (std::size_t i = 0; i < figures.size(); ++i)
            if (figures[i] == day_figure_max) passed_over_[key] |= 1U << i;
    }
    void add(const Key& key, const DayFigures& figures) noexcept { add_times(key, figures, 1); }
    void subtract(const Key& key, const DayFigures& figures) noexcept {
        add_times(key, figures, ~std::uint64_t{0});
    }
    [[nodiscard]] bool is_zero() const noexcept { return sum_ == 0; }

private:
    void add_times(const Key& key, const DayFigures& figures, std::uint64_t times) noexcept {
        std::uint32_t unknown = 0;
        if (!passed_over_.empty())
            if (const auto at = passed_over_.find(key); at != passed_over_.end())
                unknown = at->second;
        std::uint64_t place = seed_;
        for (const std::int64_t part : key.parts())
            place = mix(place ^ static_cast<std::uint64_t>(part), mix_b) + seed_;
        for (std::size_t i = 0; i < figures.size(); ++i) {
            if (figures[i] == 0 || (unknown >> i & 1U) != 0) continue;
            const std::uint64_t factor = mix(place + i * mix_c, mix_a) | 1U;
            sum_ += static_cast<std::uint64_t>(figures[i]) * factor * times;
        }
    }

    std::uint64_t seed_ = random_seed();
    std::uint64_t sum_ = 0;
    boost::unordered_flat_map<Key, std::uint32_t, KeyHash> passed_over_;  // bits: figures
};

}  // namespace octroi::sqlite
