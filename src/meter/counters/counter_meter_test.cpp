// SPDX-License-Identifier: GPL-3.0-or-later
#include "meter/counters/counter_meter.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <filesystem>

#include "meter/counters/testing/interface_fixture.hpp"

namespace octroi::counters {
namespace {

using ::testing::ElementsAre;
using ::testing::IsEmpty;
using ::testing::Pair;

using CounterMeterTest = testing::InterfaceMeterTest;

TEST_F(CounterMeterTest, TheFirstReadingIsWhereItBeginsAndAsksForACommit) {
    machine_.add("eth0", 2);
    machine_.count(0, 5000, 7000);
    start();
    EXPECT_EQ(pull(), Pull::checkpoint);
    checkpoint();
    machine_.count(0, 300, 200);
    EXPECT_EQ(pull(), Pull::idle);
    checkpoint();
    EXPECT_THAT(ledger_.bytes, ElementsAre(Pair("eth0 in", 300), Pair("eth0 out", 200)));
    EXPECT_THAT(ledger_.losses, IsEmpty());
}

TEST_F(CounterMeterTest, AKillAtAnyPlaceCountsNothingTwiceAndLosesNothing) {
    machine_.add("eth0", 2);
    start();
    pull();
    checkpoint();
    std::uint64_t truth = 0;
    for (std::uint64_t i = 1; i <= 1000; ++i) {
        machine_.count(0, 100 * i, 0);
        truth += 100 * i;
        if (i % 3 != 0) pull();
        if (i % 5 == 0) checkpoint(i % 2 == 0);
        if (i % 7 == 0) start();
        machine_.clock.pass(Duration::seconds(1));
    }
    start();
    checkpoint();
    EXPECT_EQ(ledger_.bytes["eth0 in"], truth);
    EXPECT_THAT(ledger_.losses, IsEmpty());
}

TEST_F(CounterMeterTest, ACheckpointKeepsWhatOnePullCouldNotHandOver) {
    for (int i = 1; i <= 3000; ++i) machine_.add("veth" + std::to_string(i), i);
    start();
    pull();
    checkpoint();
    for (std::size_t i = 0; i < machine_.present.size(); ++i) machine_.count(i, 1000, 0);
    checkpoint();
    EXPECT_EQ(ledger_.bytes.size(), counted_volumes_of_a_pull_max);
    start();  // the rest is in the state file
    EXPECT_EQ(pull(), Pull::more);
    pull();
    checkpoint();
    EXPECT_EQ(ledger_.bytes.size(), 3000U);
    for (const auto& [name, bytes] : ledger_.bytes) EXPECT_EQ(bytes, 1000U) << name;
}

TEST_F(CounterMeterTest, InterfacesAppearDisappearAndAreRenamed) {
    machine_.add("eth0", 2);
    machine_.count(0, 5000, 0);
    start();
    pull();
    checkpoint();
    machine_.add("tun0", 7).kind = "tun";
    machine_.count(1, 400, 0);
    machine_.present[0].name = "lan";
    machine_.count(0, 100, 0);
    pull();
    checkpoint();
    EXPECT_THAT(ledger_.bytes, ElementsAre(Pair("lan in", 100), Pair("tun0 in", 400)));
    EXPECT_THAT(ledger_.losses, IsEmpty());
    machine_.present.pop_back();
    pull();
    checkpoint();
    ASSERT_EQ(ledger_.losses.size(), 2U) << "in and out of tun0";
    EXPECT_EQ(ledger_.losses[0].reason, LossReason::counter_reset);
    EXPECT_TRUE(ledger_.losses[0].source.starts_with("tun0")) << ledger_.losses[0].source;
    EXPECT_FALSE(ledger_.losses[0].bytes_bound.has_value()) << "the link speed is not known";
}

TEST_F(CounterMeterTest, ABootOrAResetCountsFromZeroAndIsALoss) {
    link_ = 1'000'000;
    machine_.add("eth0", 2);
    machine_.count(0, 5000, 0);
    start();
    pull();
    checkpoint();
    machine_.present[0].counters = {};
    machine_.count(0, 300, 0);
    pull();
    checkpoint();
    EXPECT_EQ(ledger_.bytes["eth0 in"], 300U);
    ASSERT_EQ(ledger_.losses.size(), 1U) << "the counter of sent frames was 0 before";
    EXPECT_EQ(ledger_.losses[0].bytes_bound, 1'375'000U) << "11 s of 1 Mbit/s";
    machine_.boot = "boot 2";
    machine_.present[0].counters = {.rx_bytes = 400, .rx_packets = 4};
    start();
    pull();
    checkpoint();
    EXPECT_EQ(ledger_.bytes["eth0 in"], 700U) << "although the value is larger than before";
    EXPECT_EQ(ledger_.losses.size(), 3U);
}

TEST_F(CounterMeterTest, MoreThanTheLinkCarriesIsExcluded) {
    link_ = 1'000'000;
    machine_.add("eth0", 2);
    start();
    pull();
    checkpoint();
    machine_.count(0, 1'000'000'000, 1000);
    pull();
    checkpoint();
    EXPECT_THAT(ledger_.bytes,
                ElementsAre(Pair("eth0 in excluded", 1'000'000'000), Pair("eth0 out", 1000)));
}

TEST_F(CounterMeterTest, AClockThatIsSetBackExcludesNothing) {
    link_ = 1'000'000;
    machine_.add("eth0", 2);
    start();
    pull();
    checkpoint();
    machine_.count(0, 1'000'000, 0);
    machine_.clock.time = machine_.clock.time - Duration::hours(1);
    pull();
    checkpoint();
    EXPECT_EQ(ledger_.bytes["eth0 in"], 1'000'000U);
}

TEST_F(CounterMeterTest, AClockThatIsSetForwardStretchesNoInterval) {
    link_ = 1'000'000;
    machine_.add("eth0", 2);
    start();
    pull();
    checkpoint();
    machine_.count(0, 1000, 100'000'000);
    machine_.clock.time = machine_.clock.time + Duration::hours(1);
    pull();
    checkpoint();
    EXPECT_EQ(ledger_.longest, Duration::seconds(10));
    EXPECT_EQ(ledger_.bytes["eth0 out excluded"], 100'000'000U) << "an hour did not pass";
}

TEST_F(CounterMeterTest, CountersOf32BitsWrap) {
    constexpr std::uint64_t turn = std::uint64_t{1} << 32U;
    machine_.add("eth0", 2).counters = {.rx_bytes = turn - 1000, .rx_packets = 500};
    start();
    pull();
    checkpoint();
    machine_.present[0].counters = {.rx_bytes = 2000, .rx_packets = 530};
    pull();
    checkpoint();
    EXPECT_EQ(ledger_.bytes["eth0 in"], 3000U);
    EXPECT_THAT(ledger_.losses, IsEmpty());
    machine_.present[0].counters = {.rx_bytes = 600, .rx_packets = 6};
    pull();
    checkpoint();
    EXPECT_EQ(ledger_.bytes["eth0 in"], 3600U) << "a reset";
    EXPECT_EQ(ledger_.losses.size(), 1U);
}

TEST_F(CounterMeterTest, AnInterfaceThatIsNamedLaterBeginsThen) {
    machine_.add("eth0", 2);
    machine_.add("eth1", 3);
    start({"eth0"});
    pull();
    checkpoint();
    machine_.count(1, 5000, 0);
    pull();
    checkpoint();
    machine_.count(1, 300, 0);
    start({"eth0", "eth1"});
    EXPECT_EQ(pull(), Pull::checkpoint);
    machine_.count(1, 70, 0);
    pull();
    checkpoint();
    EXPECT_THAT(ledger_.bytes, ElementsAre(Pair("eth1 in", 70)));
}

TEST_F(CounterMeterTest, AnInterfaceThatGoesDownHasCountedUntilThen) {
    machine_.add("veth0", 2).kind = "veth";
    start();
    pull();
    checkpoint();
    machine_.count(0, 500, 0);
    machine_.present[0].up = machine_.present[0].meterable = false;
    pull();
    checkpoint();
    EXPECT_EQ(ledger_.bytes["veth0 in"], 500U);
    EXPECT_THAT(ledger_.losses, IsEmpty());
}

TEST_F(CounterMeterTest, ALostStateIsALossAndANewBeginning) {
    machine_.add("eth0", 2);
    start();
    pull();
    checkpoint();
    meter_.reset();
    std::filesystem::remove_all(folder_.file("state"));
    machine_.count(0, 5000, 0);
    start();
    EXPECT_EQ(meter_->warnings().size(), 1U);
    pull();
    machine_.count(0, 60, 0);
    pull();
    checkpoint();
    EXPECT_EQ(ledger_.bytes["eth0 in"], 60U);
    ASSERT_EQ(ledger_.losses.size(), 1U);
    EXPECT_EQ(ledger_.losses[0].reason, LossReason::not_running);
    EXPECT_EQ(ledger_.cursors[0].version, 2U);
}

TEST_F(CounterMeterTest, AFailedReadingLeavesItsIncreaseToTheNext) {
    machine_.add("eth0", 2);
    start();
    pull();
    checkpoint();
    machine_.has_netlink = false;
    machine_.count(0, 500, 0);
    pull();
    EXPECT_EQ(meter_->counters()[1].value, 1U);
    machine_.has_netlink = true;
    pull();
    checkpoint();
    EXPECT_EQ(ledger_.bytes["eth0 in"], 500U);
    EXPECT_THAT(ledger_.losses, IsEmpty());
}

TEST_F(CounterMeterTest, WithoutNetlinkTheCountersComeFromProc) {
    machine_.has_netlink = false;
    const auto at = [](int bytes) {
        return "eth0: " + std::to_string(bytes) + " 1 0 0 0 0 0 0 5 1 0 0 0 0 0 0\n" +
               "lo: 9 9 0 0 0 0 0 0 9 9 0 0 0 0 0 0\n";
    };
    machine_.net_dev = at(1000);
    start();
    pull();
    checkpoint();
    machine_.net_dev = at(1200);
    pull();
    checkpoint();
    EXPECT_THAT(ledger_.bytes, ElementsAre(Pair("eth0 in", 200)));
    // The same counters by another way have other names: they begin where they are.
    machine_.has_netlink = true;
    machine_.add("eth0", 2);
    machine_.count(0, 5000, 0);
    start();
    EXPECT_EQ(pull(), Pull::checkpoint);
    machine_.count(0, 7, 0);
    pull();
    checkpoint();
    EXPECT_EQ(ledger_.bytes["eth0 in"], 207U);
    EXPECT_EQ(ledger_.losses.size(), 2U);
}

}  // namespace
}  // namespace octroi::counters
