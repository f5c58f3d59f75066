// SPDX-License-Identifier: GPL-3.0-or-later
// Interfaces that come, go, and change their place.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "meter/counters/testing/interface_fixture.hpp"

namespace octroi::counters {
namespace {

using ::testing::ElementsAre;
using ::testing::IsEmpty;
using ::testing::Pair;

using InterfacePlacesTest = testing::InterfaceMeterTest;
using testing::TestCounterHost;
using testing::TestMachine;

TEST_F(InterfacePlacesTest, AnotherNetworkNamespaceIsANewBeginning) {
    machine_.add("eth0", 2);
    machine_.count(0, 1000, 0);
    start();
    pull();
    checkpoint();
    machine_.space = "netns 2";
    machine_.count(0, 900'000, 0);  // of a year before
    start();
    EXPECT_EQ(pull(), Pull::checkpoint);
    machine_.count(0, 50, 0);
    pull();
    checkpoint();
    EXPECT_THAT(ledger_.bytes, ElementsAre(Pair("eth0 in", 50)));
    ASSERT_EQ(ledger_.losses.size(), 1U);
    EXPECT_EQ(ledger_.losses[0].reason, LossReason::not_running);
}

TEST_F(InterfacePlacesTest, HardwareThatArrivesBringsCountsOfAnotherNamespace) {
    machine_.add("eth0", 2);
    start();
    pull();
    checkpoint();
    machine_.add("vf0", 9);
    machine_.count(1, 1'000'000, 0);
    pull();
    machine_.count(1, 70, 0);
    pull();
    checkpoint();
    EXPECT_THAT(ledger_.bytes, ElementsAre(Pair("vf0 in", 70)));
    ASSERT_EQ(ledger_.losses.size(), 1U) << "what it counted here before the reading";
    EXPECT_EQ(ledger_.losses[0].bytes_bound, 1'000'000U);
    EXPECT_EQ(ledger_.losses[0].packets, 10'000U);
    machine_.boot = "boot 2";
    machine_.present.erase(machine_.present.begin());
    machine_.present[0].index = 3;
    machine_.present[0].counters = {.rx_bytes = 500, .rx_packets = 5};
    start();
    pull();
    checkpoint();
    EXPECT_EQ(ledger_.bytes["vf0 in"], 570U) << "after a boot all counters are new";
}

TEST_F(InterfacePlacesTest, AnInterfaceThatWasAwayIsNotCountedTwice) {
    machine_.add("veth0", 7).kind = "veth";
    start();
    pull();
    checkpoint();
    machine_.count(0, 1000, 0);
    pull();
    const Interface away = machine_.present[0];
    machine_.present.clear();
    pull();
    checkpoint();
    start();  // the state file knows that it went
    machine_.present = {away};
    machine_.count(0, 400, 0);
    pull();
    machine_.count(0, 30, 0);
    pull();
    checkpoint();
    EXPECT_EQ(ledger_.bytes["veth0 in"], 1030U);
    EXPECT_EQ(ledger_.losses.back().bytes_bound, 1400U);
}

TEST_F(InterfacePlacesTest, APortOfABondCountsNoLonger) {
    machine_.add("eth0", 2);
    start();
    pull();
    checkpoint();
    machine_.count(0, 500, 0);
    machine_.present[0].master = 3;
    machine_.present[0].meterable = false;
    pull();
    checkpoint();
    EXPECT_THAT(ledger_.bytes, IsEmpty()) << "the bond may have a part";
    ASSERT_EQ(ledger_.losses.size(), 1U);
    EXPECT_EQ(ledger_.losses[0].bytes_bound, 500U);
}

TEST_F(InterfacePlacesTest, AnInterfaceThatWentDownWhileNobodyReadHasCountedUntilThen) {
    machine_.add("veth0", 2).kind = "veth";
    start();
    pull();
    checkpoint();
    machine_.count(0, 500, 0);
    machine_.present[0].up = machine_.present[0].meterable = false;
    start();
    pull();
    checkpoint();
    EXPECT_EQ(ledger_.bytes["veth0 in"], 500U);
}

TEST_F(InterfacePlacesTest, AnyNameOfAnInterfaceCanHaveALoss) {
    machine_.add("a\x01", 2);
    start();
    pull();
    checkpoint();
    machine_.present.clear();
    pull();
    checkpoint();
    ASSERT_EQ(ledger_.losses.size(), 2U);
    EXPECT_TRUE(ledger_.losses[0].source.starts_with("a? ")) << ledger_.losses[0].source;
}

TEST(InterfaceSource, NamesThatDoNotExist) {
    TestMachine machine;
    machine.add("eth0", 2);
    const auto none = InterfaceSource::open({"eth9"}, std::make_unique<TestCounterHost>(machine));
    ASSERT_FALSE(none.has_value());
    EXPECT_EQ(none.error().code, ErrorCode::not_found);
    auto one = InterfaceSource::open({"eth0", "tun0"}, std::make_unique<TestCounterHost>(machine));
    ASSERT_TRUE(one.has_value());
    EXPECT_THAT((*one)->read()->missing, ElementsAre("interface tun0"));
}

TEST(InterfaceSource, WithoutNetlinkSeveralInterfacesMustBeNamed) {
    TestMachine machine;
    machine.has_netlink = false;
    const std::string figures = ": 1 1 0 0 0 0 0 0 5 1 0 0 0 0 0 0\n";
    machine.net_dev = "eth0" + figures + "br0" + figures + "lo" + figures;
    const auto all = InterfaceSource::open({}, std::make_unique<TestCounterHost>(machine));
    ASSERT_FALSE(all.has_value()) << "a frame may be in both";
    EXPECT_THAT(all.error().text, ::testing::HasSubstr("next: name those"));
    EXPECT_TRUE(InterfaceSource::open({"br0"}, std::make_unique<TestCounterHost>(machine)));
}

}  // namespace
}  // namespace octroi::counters
