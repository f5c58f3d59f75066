// SPDX-License-Identifier: GPL-3.0-or-later
// Interfaces that change, and programs that were not there while the meter ran or between its runs.
#include <gtest/gtest.h>

#include <algorithm>

#include "meter/ebpf/testing/meter_fixture.hpp"

namespace octroi::ebpf {
namespace {

using testing::EbpfMeterTest;
using testing::key_of_host;

// Named interfaces that are stacked while the meter runs: one of them goes on.
TEST_F(EbpfMeterTest, OneOfTwoThatAreStackedLaterCounts) {
    auto meter = open();
    pull(*meter);
    ASSERT_EQ(kernel.attached.size(), 2U);
    machine.present[1].kind = "bridge";
    machine.present[0].master = 2;
    kernel.count(key_of_host(5), 1000, 10);
    pull(*meter, 2);
    ASSERT_EQ(kernel.attached.size(), 1U);
    EXPECT_EQ(kernel.attached.at(0).interface, 1);
    EXPECT_TRUE(std::ranges::all_of(kernel.interfaces, &EbpfInterface::covered));
    EXPECT_EQ(volumes.bytes(), 1000U);
}

// What comes in at an interface without programs must count where it leaves.
TEST_F(EbpfMeterTest, AnInterfaceThatGetsNoProgramsIsNotCoveredAndALoss) {
    auto meter = open();
    pull(*meter);
    commit(*meter);
    EXPECT_TRUE(losses.empty());
    const UtcTime before = machine.clock().now();
    kernel.refused = {2};
    pull(*meter);
    EXPECT_TRUE(kernel.interfaces.at(0).covered);
    EXPECT_FALSE(kernel.interfaces.at(1).covered);
    commit(*meter);
    ASSERT_EQ(losses.size(), 1U);
    EXPECT_EQ(losses[0].reason, LossReason::not_running);
    EXPECT_LE(losses[0].interval.begin, before);
    EXPECT_GT(losses[0].interval.end, before);
    kernel.refused.clear();
    pull(*meter);
    EXPECT_TRUE(kernel.interfaces.at(1).covered);
    commit(*meter);
    EXPECT_EQ(losses.size(), 2U) << "until it was attached";
    pull(*meter);
    commit(*meter);
    EXPECT_EQ(losses.size(), 2U);
}

TEST_F(EbpfMeterTest, ProgramsThatWereAwayAreALossSinceTheLastReading) {
    auto meter = open();
    kernel.reattached = {1};
    pull(*meter);  // the first reading: nothing was counted before
    commit(*meter);
    EXPECT_TRUE(losses.empty());
    meter.reset();
    const UtcTime stopped = machine.clock().now();
    machine.wait({}, Duration::seconds(100));
    kernel.reattached = {1};
    meter = open();
    pull(*meter);
    commit(*meter);
    ASSERT_EQ(losses.size(), 1U);
    EXPECT_EQ(losses[0].reason, LossReason::not_running);
    EXPECT_LE(losses[0].interval.begin, stopped);
    EXPECT_GE(losses[0].interval.end, stopped + Duration::seconds(100));
}

TEST_F(EbpfMeterTest, ProgramsAtSocketsThatWereAwayAreALoss) {
    options.by = CountBy::user;
    auto meter = open();
    pull(*meter);
    commit(*meter);
    meter.reset();
    kernel.were_sockets_away = true;
    meter = open();
    pull(*meter);
    commit(*meter);
    ASSERT_EQ(losses.size(), 1U);
    EXPECT_EQ(losses[0].reason, LossReason::not_running);
}

}  // namespace
}  // namespace octroi::ebpf
