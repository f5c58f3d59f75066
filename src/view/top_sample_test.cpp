// SPDX-License-Identifier: GPL-3.0-or-later
#include "view/top_sample.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <fmt/format.h>

namespace octroi {
namespace {

using ::testing::ElementsAre;
using ::testing::IsEmpty;

const Party alice{PartyKind::account, "alice", "10.0.0.1"};
const Party bob{PartyKind::account, "bob", "10.0.0.2"};
const Party nobody{PartyKind::unattributed, "", "10.0.0.3"};
const Party world{PartyKind::outside, "world", ""};
const Party duplicate{PartyKind::excluded, "duplicate", ""};

// One transfer of 1000 bytes between the two.
Batch transfer(const Party& from, const Party& to) {
    Batch batch;
    batch.parties = {from, to};
    batch.services = {"web"};
    batch.transfers = {{.from = 0, .to = 1, .volume = {Bytes{1000}, Packets{2}, Flows{1}}}};
    return batch;
}

// "10.0.0.1 alice web world in 0 out 1000 0"
std::vector<std::string> entries(const Batch& batch) {
    std::vector<std::string> texts;
    for (const TopEntry& e : top_sample(batch, {}, Duration::seconds(1)).entries)
        texts.push_back(fmt::format("{} {} {} {} in {} out {} {}{}", e.identity, e.account,
                                    e.service, e.peer, e.received.bytes.value(),
                                    e.sent.bytes.value(), e.neither.bytes.value(),
                                    e.excluded ? " excluded" : ""));
    return texts;
}

TEST(TopSample, ShowsWhatALocalEndSentAndReceived) {
    EXPECT_THAT(entries(transfer(alice, world)),
                ElementsAre("10.0.0.1 alice web world in 0 out 1000 0"));
    EXPECT_THAT(entries(transfer(world, nobody)),
                ElementsAre("10.0.0.3 @unattributed web world in 1000 out 0 0"));
}

TEST(TopSample, ShowsTrafficBetweenTwoLocalEndsAtBoth) {
    EXPECT_THAT(entries(transfer(alice, bob)),
                ElementsAre("10.0.0.1 alice web bob in 0 out 1000 0",
                            "10.0.0.2 bob web alice in 1000 out 0 0"));
}

TEST(TopSample, TrafficWithoutALocalEndIsNeitherSentNorReceived) {
    EXPECT_THAT(entries(transfer(world, world)),
                ElementsAre("@transit @transit web world in 0 out 0 1000"));
}

TEST(TopSample, ExcludedTrafficIsNoTrafficOfItsOtherEnd) {
    for (const Party& other : {world, alice})
        EXPECT_THAT(entries(transfer(duplicate, other)),
                    ElementsAre("@excluded/duplicate @excluded/duplicate web @excluded/duplicate "
                                "in 0 out 0 1000 excluded"));
}

TEST(TopSample, CountsLossesButThoseBeforeTheStart) {
    Batch batch;
    batch.losses = {{.source = "eth0", .reason = LossReason::kernel_drop, .packets = 5},
                    {.source = "eth0", .reason = LossReason::interface_drop},
                    {.source = "eth0", .reason = LossReason::not_running, .packets = 100}};
    const UtcTime at = UtcTime::from_seconds(1'700'000'000);
    const TopSample sample = top_sample(batch, at, Duration::seconds(3));
    EXPECT_EQ(sample.lost_packets, 5U);
    EXPECT_EQ(sample.at, at);
    EXPECT_EQ(sample.length, Duration::seconds(3));
    EXPECT_THAT(sample.entries, IsEmpty());
}

}  // namespace
}  // namespace octroi
