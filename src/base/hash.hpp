// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

// A fast keyed hash for tables in memory (not for what is stored: see ledger/chain.hpp).
// 64x64 -> 128 bit multiply and fold; with a secret seed an outsider cannot aim at one bucket.

#include <cstdint>

namespace octroi {

__extension__ using uint128 = unsigned __int128;

[[nodiscard]] inline std::uint64_t mix(std::uint64_t a, std::uint64_t b) noexcept {
    const auto product = static_cast<uint128>(a) * b;
    return static_cast<std::uint64_t>(product) ^ static_cast<std::uint64_t>(product >> 64U);
}

inline constexpr std::uint64_t mix_a = 0x9e3779b97f4a7c15U;
inline constexpr std::uint64_t mix_b = 0xbf58476d1ce4e5b9U;
inline constexpr std::uint64_t mix_c = 0x94d049bb133111ebU;

}  // namespace octroi
