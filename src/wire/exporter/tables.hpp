// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

// Hash tables whose keys come from outside: with a secret seed nobody can aim at one place.

#include <boost/unordered/unordered_flat_map.hpp>
#include <cstddef>
#include <cstdint>
#include <cstring>
#include <utility>

#include "base/address.hpp"
#include "base/byte_cursor.hpp"
#include "base/hash.hpp"

namespace octroi::exporter {

struct SeededHash {
    using is_avalanching = void;
    std::uint64_t seed = 0;

    [[nodiscard]] std::size_t operator()(std::uint64_t key) const noexcept {
        return mix(mix(key ^ seed, mix_a) + mix_b, mix_c ^ seed);
    }
    [[nodiscard]] std::size_t operator()(const Address& address) const noexcept {
        std::uint64_t a = 0;
        std::uint64_t b = 0;
        std::memcpy(&a, address.octets.data(), sizeof a);
        std::memcpy(&b, address.octets.data() + 8, sizeof b);
        return mix(mix(a ^ seed, mix_a) ^ b, mix_b + static_cast<std::uint64_t>(address.family));
    }
};

template <typename Key, typename Value>
using Table = boost::unordered_flat_map<Key, Value, SeededHash>;
// What an entry takes at most beside what the value points to: a table is between 7/16 and 7/8
// full, twice for a moment while it grows.
template <typename Key, typename Value>
inline constexpr std::size_t entry_octets = 4 * (sizeof(std::pair<Key, Value>) + 1);

// Of the octets of a message, to recognise it when it comes again. In four lanes: one
// multiplication need not wait for the one before.
[[nodiscard]] inline std::uint32_t content_hash(ByteSpan octets) noexcept {
    std::uint64_t lanes[4] = {mix_a, mix_b, mix_c, octets.size()};
    const std::byte* p = octets.data();
    std::size_t left = octets.size();
    for (; left >= 64; left -= 64, p += 64) {
        for (std::size_t i = 0; i < 4; ++i)
            lanes[i] = mix(lanes[i] ^ load_be64(p + 16 * i), mix_c ^ load_be64(p + 16 * i + 8));
    }
    std::uint64_t rest = lanes[0] ^ mix(lanes[1] + mix_a, lanes[2] ^ mix_b) ^ lanes[3];
    for (; left >= 8; left -= 8, p += 8) rest = mix(rest ^ load_be64(p), mix_a);
    for (; left > 0; --left, ++p) rest = mix(rest ^ static_cast<std::uint64_t>(*p), mix_b);
    return static_cast<std::uint32_t>(mix(rest, mix_c));
}

}  // namespace octroi::exporter
