// SPDX-License-Identifier: GPL-3.0-or-later
#include "attribute/split.hpp"

#include <gtest/gtest.h>

#include <algorithm>
#include <random>
#include <vector>

namespace octroi {
namespace {

TEST(TimeSplit, GivesPartsInProportion) {
    TimeSplit split({0}, {99}, 1000);
    EXPECT_EQ(split.part_until({25}), 250U);
    EXPECT_EQ(split.part_until({25}), 0U);
    EXPECT_EQ(split.part_until({100}), 750U);
    TimeSplit thirds({0}, {2}, 10);
    EXPECT_EQ(thirds.part_until({1}), 3U);
    EXPECT_EQ(thirds.part_until({2}), 3U);
    EXPECT_EQ(thirds.part_until({3}), 4U);
    TimeSplit point({5}, {5}, 7);
    EXPECT_EQ(point.part_until({6}), 7U);
}

// Any total, times (1677 to 2262) and cuts: the sum is kept, no part differs from its exact share
// by 1 or more, and without a cut the part is the sum of the two parts beside it.
TEST(TimeSplit, KeepsTheSumWhateverTheCuts) {
    __extension__ using Wide = unsigned __int128;
    std::mt19937_64 random(5);
    for (int round = 0; round < 20'000; ++round) {
        const auto any = [&] {
            return static_cast<std::int64_t>(random() >> (random() % 64)) *
                   (random() % 2 == 0 ? 1 : -1);
        };
        std::int64_t a = any();
        std::int64_t b = any();
        if (a > b) std::swap(a, b);
        const std::uint64_t total = random() >> (random() % 64);
        std::vector<std::int64_t> cuts;
        const std::uint64_t span = static_cast<std::uint64_t>(b) - static_cast<std::uint64_t>(a);
        for (int i = 0; i < 5 && span > 0; ++i) {
            cuts.push_back(
                static_cast<std::int64_t>(static_cast<std::uint64_t>(a) + random() % span));
        }
        std::sort(cuts.begin(), cuts.end());
        TimeSplit split({a}, {b}, total);
        TimeSplit coarse({a}, {b}, total);
        std::uint64_t sum = 0;
        for (const std::int64_t cut : cuts) {
            sum += split.part_until({cut});
            const Wide elapsed = static_cast<std::uint64_t>(cut) - static_cast<std::uint64_t>(a);
            const Wide exact = Wide{total} * elapsed;  // over length
            const Wide length = Wide{span} + 1;
            ASSERT_LE(Wide{sum} * length, exact);
            ASSERT_GT((Wide{sum} + 1) * length, exact);
        }
        ASSERT_EQ(coarse.part_until({cuts.empty() ? a : cuts.back()}), sum);
        if (b == INT64_MAX) continue;
        ASSERT_EQ(sum + split.part_until({b + 1}), total);
    }
}

}  // namespace
}  // namespace octroi
