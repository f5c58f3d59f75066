// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

// Hash tables for keys that come from the network. The hash is keyed with a secret seed, so a
// sender cannot choose keys that all fall into one bucket.

#include <boost/unordered/unordered_flat_map.hpp>
#include <cstddef>
#include <cstdint>
#include <cstring>
#include <utility>

#include "base/address.hpp"
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
using SeededTable = boost::unordered_flat_map<Key, Value, SeededHash>;

// Upper bound of the memory of one table entry, in octets; memory that the value points to is not
// included. A table is between 7/16 and 7/8 full, and exists twice for a moment while it grows.
template <typename Key, typename Value>
inline constexpr std::size_t entry_octets = 4 * (sizeof(std::pair<Key, Value>) + 1);

}  // namespace octroi::exporter
