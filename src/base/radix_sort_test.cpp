// SPDX-License-Identifier: GPL-3.0-or-later
#include "base/radix_sort.hpp"

#include <gtest/gtest.h>

#include <random>
#include <vector>

namespace octroi {
namespace {

TEST(RadixSort, SortsByKeyAndIsStable) {
    std::mt19937_64 random(3);
    for (const std::uint64_t mask : {UINT64_MAX, std::uint64_t{0}, std::uint64_t{0xFF} << 56U,
                                     std::uint64_t{0x7000'0000'0FF0}}) {
        for (const std::uint32_t count : {0U, 1U, 100U, 50'000U}) {
            std::vector<KeyedIndex> items;
            for (std::uint32_t i = 0; i < count; ++i) items.push_back({random() & mask, i});
            std::vector<KeyedIndex> expected = items;
            std::stable_sort(expected.begin(), expected.end(),
                             [](const auto& a, const auto& b) { return a.key < b.key; });
            radix_sort(items);
            for (std::uint32_t i = 0; i < count; ++i) {
                ASSERT_EQ(items[i].key, expected[i].key);
                ASSERT_EQ(items[i].index, expected[i].index);
            }
        }
    }
}

}  // namespace
}  // namespace octroi
