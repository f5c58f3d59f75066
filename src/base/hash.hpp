// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

// A fast keyed hash for tables in memory. Its values are never stored; the hash of the ledger is in
// ledger/chain.hpp. Each step multiplies two 64-bit words to 128 bits and folds them. Tables with
// keys from the network mix in a random seed, so that no sender can choose keys of one bucket.

#include <cstdint>

namespace octroi {

__extension__ using Uint128 = unsigned __int128;

[[nodiscard]] inline std::uint64_t mix(std::uint64_t a, std::uint64_t b) noexcept {
    const auto product = static_cast<Uint128>(a) * b;
    return static_cast<std::uint64_t>(product) ^ static_cast<std::uint64_t>(product >> 64U);
}

// Odd constants with well spread bits: 2^64 divided by the golden ratio, and the two multipliers of
// SplitMix64 (Steele, Lea, Flood 2014). A word is combined with one before mix(), because mix() of
// 0 and anything is 0.
inline constexpr std::uint64_t mix_a = 0x9e3779b97f4a7c15U;
inline constexpr std::uint64_t mix_b = 0xbf58476d1ce4e5b9U;
inline constexpr std::uint64_t mix_c = 0x94d049bb133111ebU;

}  // namespace octroi
