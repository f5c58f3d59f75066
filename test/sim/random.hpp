// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

// The only source of randomness in a simulation: one seed gives the same run on every machine.

#include <cstddef>
#include <cstdint>
#include <vector>

namespace octroi::sim {

// SplitMix64 (Steele, Lea, Flood: Fast splittable pseudorandom number generators, 2014).
class Random {
public:
    explicit Random(std::uint64_t seed) : state_(seed) {}

    std::uint64_t next() {
        state_ += 0x9e3779b97f4a7c15U;
        std::uint64_t z = state_;
        z = (z ^ (z >> 30U)) * 0xbf58476d1ce4e5b9U;
        z = (z ^ (z >> 27U)) * 0x94d049bb133111ebU;
        return z ^ (z >> 31U);
    }
    // In [0, bound); 0 for a bound of 0.
    std::uint64_t below(std::uint64_t bound) { return bound == 0 ? 0 : next() % bound; }
    // In [first, last].
    std::int64_t between(std::int64_t first, std::int64_t last) {
        return first +
               static_cast<std::int64_t>(below(static_cast<std::uint64_t>(last - first) + 1));
    }
    bool chance(unsigned percent) { return below(100) < percent; }
    bool one_in(std::uint64_t n) { return below(n) == 0; }
    template <typename T>
    T& pick(std::vector<T>& from) {
        return from[static_cast<std::size_t>(below(from.size()))];
    }
    template <typename T>
    const T& pick(const std::vector<T>& from) {
        return from[static_cast<std::size_t>(below(from.size()))];
    }

private:
    std::uint64_t state_;
};

}  // namespace octroi::sim
