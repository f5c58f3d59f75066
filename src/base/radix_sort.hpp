// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

// Sorting many numbered things by a key of 64 bits: in passes over the key's digits, least
// significant first, so that the time is proportional to the number and to the bits that differ.

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

// By key; equal keys stay in the order in which they were. Memory: as much again while it runs.
inline void radix_sort(std::span<KeyedIndex> items) {
    constexpr unsigned digit_bits = 11;
    constexpr std::size_t digits = std::size_t{1} << digit_bits;
    // Below it a pass over the counts costs more than comparing.
    constexpr std::size_t worth_counting = 2 * digits;
    const auto by_key = [](const KeyedIndex& a, const KeyedIndex& b) { return a.key < b.key; };
    if (items.size() < worth_counting) {
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
    const auto room = std::make_unique_for_overwrite<KeyedIndex[]>(items.size());
    std::span<KeyedIndex> from = items;
    std::span<KeyedIndex> to(room.get(), items.size());
    for (unsigned shift = 0; shift < 64; shift += digit_bits) {
        const auto digit = [shift](std::uint64_t key) { return key >> shift & (digits - 1); };
        if (digit(differing) == 0) continue;
        std::array<std::size_t, digits> places{};
        for (const KeyedIndex& item : from) ++places[digit(item.key)];
        std::size_t next = 0;
        for (std::size_t& place : places) next += std::exchange(place, next);
        for (const KeyedIndex& item : from) to[places[digit(item.key)]++] = item;
        std::swap(from, to);
    }
    if (from.data() != items.data()) std::copy(from.begin(), from.end(), items.begin());
}

}  // namespace octroi
