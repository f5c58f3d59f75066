// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

// Sorts indices by a key of 64 bits, in passes over the digits of the key, least significant first.
// A pass is skipped where all keys have the same digit, so the time is proportional to the number
// of items and to the number of digits that differ.

#include <algorithm>
#include <array>
#include <cstdint>
#include <memory>
#include <span>
#include <utility>

namespace octroi {

struct KeyedIndex {
    std::uint64_t key;
    std::uint32_t index;
};

// Ascending by key; items with equal keys keep their order. Allocates a second array of the same
// size while it runs.
inline void radix_sort(std::span<KeyedIndex> items) {
    constexpr unsigned digit_bits = 11;
    constexpr std::size_t digits = std::size_t{1} << digit_bits;
    // With fewer items, going through the table of counts costs more than comparing keys.
    constexpr std::size_t counting_min = 2 * digits;
    const auto by_key = [](const KeyedIndex& a, const KeyedIndex& b) { return a.key < b.key; };
    if (items.size() < counting_min) {
        std::stable_sort(items.begin(), items.end(), by_key);
        return;
    }
    std::uint64_t any = 0;
    std::uint64_t all = ~std::uint64_t{0};
    for (const KeyedIndex& item : items) {
        any |= item.key;
        all &= item.key;
    }
    const std::uint64_t differing = any & ~all;
    const auto second = std::make_unique_for_overwrite<KeyedIndex[]>(items.size());
    std::span<KeyedIndex> from = items;
    std::span<KeyedIndex> to(second.get(), items.size());
    for (unsigned shift = 0; shift < 64; shift += digit_bits) {
        const auto digit = [shift](std::uint64_t key) { return key >> shift & (digits - 1); };
        if (digit(differing) == 0) continue;
        std::array<std::size_t, digits> places{};
        for (const KeyedIndex& item : from) ++places[digit(item.key)];
        std::size_t next = 0;
        // Counts become start positions.
        for (std::size_t& place : places) next += std::exchange(place, next);
        for (const KeyedIndex& item : from) to[places[digit(item.key)]++] = item;
        std::swap(from, to);
    }
    if (from.data() != items.data()) std::copy(from.begin(), from.end(), items.begin());
}

}  // namespace octroi
