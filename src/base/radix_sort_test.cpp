// SPDX-License-Identifier: GPL-3.0-or-later
#include "base/radix_sort.hpp"

#include <gtest/gtest.h>

#include <random>
#include <vector>

namespace octroi {
namespace {

TEST(RadixSort, OrdersByKeyAndKeepsEqualOnesInPlace) {
    std::mt19937_64 random(3);
    for (const std::uint64_t mask : {UINT64_MAX, std::uint64_t{0}, std::uint64_t{0xFF} << 56U,
                                     std::uint64_t{0x7000'0000'0FF0}}) {
        for (const std::uint32_t count : {0U, 1U, 100U, 50'000U}) {
            std::vector<KeyedIndex> items;
            for (std::uint32_t i = 0; i < count; ++i) items.push_back({random() & mask, i});
            std::vector<KeyedIndex> wanted = items;
            std::stable_sort(wanted.begin(), wanted.end(),
                             [](const auto& a, const auto& b) { return a.key < b.key; });
            radix_sort(items);
            for (std::uint32_t i = 0; i < count; ++i) {
                ASSERT_EQ(items[i].key, wanted[i].key);
                ASSERT_EQ(items[i].index, wanted[i].index);
            }
        }
    }
}

}  // namespace
}  // namespace octroi
