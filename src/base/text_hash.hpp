// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

// The keyed hash of a text, for tables in memory: see base/hash.hpp.

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <cstring>
#include <string_view>

#include "base/hash.hpp"

namespace octroi {

[[nodiscard]] inline std::uint64_t text_hash(std::string_view text, std::uint64_t seed) noexcept {
    constexpr std::size_t word_octets = 8;
    std::uint64_t hash = mix(text.size() ^ mix_a, seed ^ mix_c);
    while (!text.empty()) {
        const std::size_t octets = std::min(text.size(), word_octets);
        std::uint64_t word = 0;
        std::memcpy(&word, text.data(), octets);
        hash = mix(hash ^ word, mix_b ^ seed);
        text.remove_prefix(octets);
    }
    return hash;
}

}  // namespace octroi
