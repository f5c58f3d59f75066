// SPDX-License-Identifier: GPL-3.0-or-later
#include "meter/collector/socket_drops.hpp"

#include <gtest/gtest.h>

namespace octroi::collector {
namespace {

constexpr Interval interval{UtcTime::from_seconds(1), UtcTime::from_seconds(2)};

std::vector<Loss> losses_of(SocketLosses& losses, std::vector<SocketDrops> now,
                            std::uint64_t missing = 0) {
    std::vector<Loss> made;
    losses.add_losses(std::move(now), interval, missing, made);
    return made;
}

TEST(SocketLosses, ReportsEachDropOnce) {
    SocketLosses losses;
    const auto first = losses_of(losses, {{"udp :1", 5}, {"udp :2", 0}});
    ASSERT_EQ(first.size(), 1U);
    EXPECT_EQ(first[0], (Loss{"udp :1", LossReason::socket_drop, interval, 5, std::nullopt}));
    EXPECT_TRUE(losses_of(losses, {{"udp :1", 5}, {"udp :2", 0}}).empty());
    const auto later = losses_of(losses, {{"udp :1", 5}, {"udp :2", 3}});
    ASSERT_EQ(later.size(), 1U);
    EXPECT_EQ(later[0].source, "udp :2");
    EXPECT_EQ(later[0].packets, 3U);
}

// The gap names the exporter: one datagram is not lost twice.
TEST(SocketLosses, DatagramsThatGapsShowAreNoSecondLoss) {
    SocketLosses losses;
    const auto first = losses_of(losses, {{"udp :1", 5}, {"udp :2", 4}}, 7);
    ASSERT_EQ(first.size(), 1U);
    EXPECT_EQ(first[0], (Loss{"udp :2", LossReason::socket_drop, interval, 2, std::nullopt}));
    EXPECT_TRUE(losses_of(losses, {{"udp :1", 6}, {"udp :2", 4}}, 100).empty());
    EXPECT_EQ(losses_of(losses, {{"udp :1", 9}, {"udp :2", 4}}).at(0).packets, 3U);
}

TEST(SocketLosses, KnowsWhetherThereAreNewOnes) {
    SocketLosses losses;
    EXPECT_FALSE(losses.has_new(std::vector<SocketDrops>{{"udp :1", 0}}));
    EXPECT_TRUE(losses.has_new(std::vector<SocketDrops>{{"udp :1", 5}}));
    (void)losses_of(losses, {{"udp :1", 5}}, 5);
    EXPECT_FALSE(losses.has_new(std::vector<SocketDrops>{{"udp :1", 5}}));
    EXPECT_TRUE(losses.has_new(std::vector<SocketDrops>{{"udp :1", 6}}));
}

TEST(SocketLosses, CountsOnWhereTheKernelsCounterWraps) {
    SocketLosses losses;
    losses.restore({{"udp :1", UINT32_MAX - 1}});
    const auto made = losses_of(losses, {{"udp :1", 2}});
    ASSERT_EQ(made.size(), 1U);
    EXPECT_EQ(made[0].packets, 4U);
}

TEST(SocketLosses, AnInheritedSocketContinuesItsCountAndAnOpenedOneBeginsAtZero) {
    SocketLosses inherited;
    inherited.restore({{"udp :1", 7}});
    inherited.on_start(std::vector<SocketDrops>{{"udp :1", 9}});
    EXPECT_EQ(losses_of(inherited, {{"udp :1", 9}}).at(0).packets, 2U);
    SocketLosses opened;
    opened.restore({{"udp :1", 7}});
    opened.on_start(std::vector<SocketDrops>{{"udp :1", 1}});
    EXPECT_EQ(losses_of(opened, {{"udp :1", 9}}).at(0).packets, 9U);
}

}  // namespace
}  // namespace octroi::collector
