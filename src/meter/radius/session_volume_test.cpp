// SPDX-License-Identifier: GPL-3.0-or-later
#include "meter/radius/session_volume.hpp"

#include <gtest/gtest.h>

namespace octroi::radius_meter {
namespace {

using radius::SessionVolume;

constexpr std::uint64_t gigabit = 1'000'000'000;
constexpr Duration minute = Duration::minutes(1);

TEST(RadiusVolume, IsTheDifferenceOfTheCounts) {
    const VolumeIncrease made =
        volume_increase({100, 200, 10, 20, false}, {1100, 5200, 12, 25, false}, minute, gigabit);
    EXPECT_EQ(made.by, (SessionVolume{1000, 5000, 2, 5, false}));
    EXPECT_FALSE(made.has_begun_again);
    EXPECT_FALSE(made.is_implausible);
}

TEST(RadiusVolume, OctetsOf32BitsWrapWhereTheLinkAllowsIt) {
    const VolumeIncrease made = volume_increase({0xffff'ff00, 5, 0xffff'ffff, 0, false},
                                                {0x100, 6, 1, 0, false}, minute, gigabit);
    EXPECT_EQ(made.by, (SessionVolume{0x200, 1, 2, 0, false}));
    EXPECT_FALSE(made.has_begun_again);
    // 4 GB in a second: they began again.
    const VolumeIncrease again = volume_increase({0x200, 5, 9, 0, false}, {0x100, 6, 1, 0, false},
                                                 Duration::seconds(1), gigabit);
    EXPECT_TRUE(again.has_begun_again);
    EXPECT_EQ(again.by, (SessionVolume{0x100, 6, 1, 0, false}));
}

TEST(RadiusVolume, GigawordsDoNotWrap) {
    const VolumeIncrease made =
        volume_increase({0x1'ffff'ff00, 5, 9, 0, true}, {0x100, 6, 1, 0, true}, minute, gigabit);
    EXPECT_TRUE(made.has_begun_again);
    EXPECT_EQ(made.by.input_octets, 0x100U);
    // A NAS that sends them only when they are not 0.
    const VolumeIncrease first = volume_increase({0xffff'ff00, 5, 9, 0, false},
                                                 {0x1'0000'0000, 6, 9, 0, true}, minute, gigabit);
    EXPECT_EQ(first.by.input_octets, 0x100U);
    EXPECT_FALSE(first.has_begun_again);
}

TEST(RadiusVolume, MoreThanTheLinkCarriesIsImplausible) {
    EXPECT_TRUE(
        volume_increase({}, {8'000'000'000, 0, 1, 0, true}, minute, gigabit).is_implausible);
    EXPECT_FALSE(
        volume_increase({}, {7'000'000'000, 0, 1, 0, true}, minute, gigabit).is_implausible);
    EXPECT_TRUE(
        volume_increase({}, {UINT64_MAX, UINT64_MAX, 0, 0, true}, minute, gigabit).is_implausible);
    EXPECT_TRUE(
        volume_increase({}, {1, 1, 4'000'000'000, 0, true}, minute, gigabit).is_implausible);
}

}  // namespace
}  // namespace octroi::radius_meter
