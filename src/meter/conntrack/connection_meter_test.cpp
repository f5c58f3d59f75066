// SPDX-License-Identifier: GPL-3.0-or-later
#include "meter/conntrack/connection_meter.hpp"

#include "meter/conntrack/testing/tracking_test.hpp"

namespace octroi::conntrack {
namespace {

using testing::poll;

constexpr std::uint64_t megabit = 1'000'000;

class ConnectionMeterTest : public testing::TrackingTest {};

TEST_F(ConnectionMeterTest, ALongConnectionCountsWhileItLivesAndExactlyAtItsEnd) {
    start();
    kernel_.begin(1);
    kernel_.carry(1, 100, 1000);
    poll_table();
    EXPECT_EQ(of(1), (Count{100, 1000}));
    kernel_.carry(1, 10, 500);
    poll_table();
    EXPECT_EQ(of(1), (Count{110, 1500}));
    kernel_.carry(1, 1, 7);
    kernel_.end(1);
    read();
    EXPECT_EQ(of(1), (Count{111, 1507}));
    poll_table();
    EXPECT_EQ(of(1), (Count{111, 1507}));
    commit();
    std::uint64_t flows = 0;
    for (const Reading& r : ledger_.committed) flows += r.flows;
    EXPECT_EQ(flows, 2U) << "one for each direction";
    EXPECT_TRUE(ledger_.losses.empty());
}

TEST_F(ConnectionMeterTest, AReadingHasTheEndsBehindNatAndTheTimesOfTheKernel) {
    start();
    kernel_.pass(Duration::seconds(1));
    const UtcTime begun = kernel_.begin(1).start;
    kernel_.carry(1, 100, 1000);
    kernel_.pass(Duration::seconds(3));
    kernel_.end(1);
    const UtcTime ended = kernel_.time;
    kernel_.pass(Duration::seconds(2));
    read();
    ASSERT_EQ(ledger_.waiting.size(), 2U);
    const Reading& up = ledger_.waiting[0];
    EXPECT_EQ(up.src, Address::v4(0x0a000001U));
    EXPECT_EQ(up.dst, Address::v4(0xc6336401U));
    EXPECT_EQ(up.sport, 40'000);
    EXPECT_EQ(up.dport, 443);
    EXPECT_EQ(up.first, begun);
    EXPECT_EQ(up.last, ended);
    const Reading& down = ledger_.waiting[1];
    EXPECT_EQ(down.dst, up.src) << "not the outer address";
    EXPECT_EQ(down.bytes, 1000U);
}

TEST_F(ConnectionMeterTest, WithoutTimesOfTheKernelThoseOfEventsCount) {
    kernel_.settings.timestamps = false;
    start();
    kernel_.pass(Duration::seconds(1));
    kernel_.begin(1);
    const UtcTime begun = kernel_.time;
    read();
    kernel_.pass(Duration::seconds(2));
    kernel_.carry(1, 100, 1000);
    kernel_.end(1);
    read();
    ASSERT_EQ(ledger_.waiting.size(), 2U);
    EXPECT_EQ(ledger_.waiting[0].first, begun);
    EXPECT_EQ(ledger_.waiting[0].last, kernel_.time);
    EXPECT_EQ(counter("conntrack_begun_total"), 1U);
}

TEST_F(ConnectionMeterTest, ConnectionsOfTheTimeBeforeTheFirstStartAreWhereItBegins) {
    kernel_.begin(1);
    kernel_.carry(1, 5000, 5000);
    kernel_.pass(Duration::seconds(60));
    start();
    EXPECT_EQ(of(1), Count{});
    kernel_.carry(1, 10, 20);
    kernel_.end(1);
    read();
    EXPECT_EQ(of(1), (Count{10, 20}));
}

TEST_F(ConnectionMeterTest, AKillCountsNothingTwiceAndMissesNothingOfWhatLives) {
    start();
    kernel_.begin(1);
    kernel_.carry(1, 100, 1000);
    poll_table();
    commit();
    kernel_.carry(1, 20, 200);
    poll_table();  // not committed
    kill();
    kernel_.carry(1, 3, 30);
    kernel_.begin(2, 2);
    kernel_.carry(2, 7, 70);
    start();
    EXPECT_EQ(of(1), (Count{123, 1230}));
    EXPECT_EQ(of(2), (Count{7, 70})) << "it began while the meter was down";
    commit();
    EXPECT_TRUE(ledger_.losses.empty()) << "everything that the interface carried is counted";
}

TEST_F(ConnectionMeterTest, WhatEndedWhileTheMeterWasDownIsALossWithABound) {
    start();
    kernel_.begin(1);
    kernel_.carry(1, 100, 1000);
    poll_table();
    commit();
    kill();
    kernel_.carry(1, 40, 400);
    kernel_.end(1);
    kernel_.begin(2, 2);
    kernel_.carry(2, 5, 50);
    kernel_.end(2);
    kernel_.begin(3, 3);
    kernel_.carry(3, 1, 2);
    start();
    commit();
    EXPECT_EQ(of(3), (Count{1, 2}));
    const auto losses = losses_of(LossReason::not_running);
    ASSERT_EQ(losses.size(), 1U);
    EXPECT_EQ(losses[0].bytes_bound, 495U) << "of the connections that ended";
    EXPECT_EQ(losses[0].packets, 4U);
}

TEST_F(ConnectionMeterTest, AnotherBootIsALossWithoutABoundAndCountsFromZero) {
    start();
    kernel_.begin(1);
    kernel_.carry(1, 1000, 1000);
    poll_table();
    commit();
    kill();
    kernel_.table.clear();
    kernel_.generation = "boot2/1";
    kernel_.begin(1);
    kernel_.carry(1, 1200, 1300);
    start();
    commit();
    EXPECT_EQ(of(1), (Count{2200, 2300}));
    const auto losses = losses_of(LossReason::not_running);
    ASSERT_FALSE(losses.empty());
    EXPECT_FALSE(losses[0].bytes_bound.has_value());
}

TEST_F(ConnectionMeterTest, AStateThatIsMissingCountsNothingTwice) {
    start();
    kernel_.begin(1);
    kernel_.carry(1, 100, 1000);
    poll_table();
    commit();
    kill();
    std::filesystem::remove_all(options_.state_folder);
    start();
    EXPECT_FALSE(meter_->warning().empty());
    kernel_.carry(1, 1, 1);
    poll_table();
    commit();
    EXPECT_EQ(of(1), (Count{101, 1001}));
    EXPECT_EQ(losses_of(LossReason::not_running).size(), 1U);
}

TEST_F(ConnectionMeterTest, AnIdThatIsUsedAgainIsAnotherConnection) {
    start();
    kernel_.begin(1, 5);
    kernel_.carry(1, 100, 1000);
    poll_table();
    kernel_.end(1);
    kernel_.pass(Duration::seconds(1));
    kernel_.begin(1, 5);
    kernel_.carry(1, 300, 3000);
    poll_table();
    EXPECT_EQ(of(1), (Count{400, 4000}));
    // The end of the second one is not seen.
    kernel_.carry(1, 30, 50);
    kernel_.end(1, false);
    kernel_.pass(Duration::seconds(1));
    kernel_.begin(1, 5);
    kernel_.carry(1, 900, 9000);
    poll_table();
    EXPECT_EQ(of(1), (Count{1300, 13'000}));
    EXPECT_EQ(counter("conntrack_replaced_total"), 1U);
    commit();
    const auto losses = losses_of(LossReason::event_drop);
    ASSERT_EQ(losses.size(), 1U);
    EXPECT_EQ(losses[0].bytes_bound, 80U);
}

TEST_F(ConnectionMeterTest, EqualTuplesOfTwoZonesAreTwoConnections) {
    start();
    kernel_.begin(1, 5).zone = 1;
    kernel_.begin(1, 5).zone = 2;
    for (Entry& e : kernel_.table) e.original = {100, 1};
    poll_table();
    EXPECT_EQ(of(1).bytes, 200U);
    EXPECT_EQ(counter("conntrack_connections"), 2U);
}

// The entry was read from the kernel before the connection ended, and comes after the event.
TEST_F(ConnectionMeterTest, ALateEntryOfAConnectionThatEndedDoesNotCountAgain) {
    start();
    kernel_.entries_per_read = 1;
    kernel_.begin(1, 1);
    kernel_.begin(2, 2);
    kernel_.begin(3, 3);
    for (std::uint8_t host = 1; host <= 3; ++host) kernel_.carry(host, 100, 1000);
    kernel_.pass(poll);
    ASSERT_TRUE(meter_->pull(ledger_, Duration{}).has_value());
    kernel_.carry(3, 1, 1);
    kernel_.end(3);
    read();
    EXPECT_EQ(of(3), (Count{101, 1001}));
    EXPECT_EQ(of(2), (Count{100, 1000}));
    poll_table();
    EXPECT_EQ(counter("conntrack_connections"), 2U);
}

TEST_F(ConnectionMeterTest, LostEventsAreALossThatCoversWhatWasNotSeen) {
    start();
    kernel_.events_max = 1;
    std::uint64_t carried = 0;
    for (std::uint8_t host = 1; host <= 5; ++host) {
        kernel_.begin(host, host);
        kernel_.carry(host, 10, 100);
        carried += 110;
        kernel_.end(host);
    }
    kernel_.begin(9, 9);
    kernel_.carry(9, 1, 2);
    read();
    poll_table();
    commit();
    std::uint64_t counted = 0;
    for (const Reading& r : ledger_.committed) counted += r.bytes;
    EXPECT_EQ(of(9), (Count{1, 2}));
    EXPECT_EQ(counted, 113U);
    EXPECT_EQ(counter("conntrack_overruns_total"), 1U);
    const auto losses = losses_of(LossReason::event_drop);
    ASSERT_EQ(losses.size(), 1U);
    ASSERT_TRUE(losses[0].bytes_bound.has_value());
    EXPECT_GE(*losses[0].bytes_bound + counted, carried + 3);
    EXPECT_EQ(losses[0].bytes_bound, 440U);
}

TEST_F(ConnectionMeterTest, AnEndWithoutAnEventIsALossUnlessAllTrafficIsCounted) {
    start();
    kernel_.begin(1, 1).timeout = 5;
    kernel_.begin(2, 2).timeout = 300;
    kernel_.carry(1, 1, 1);
    kernel_.carry(2, 1, 1);
    poll_table();
    kernel_.end(1, false);
    poll_table();
    commit();
    EXPECT_TRUE(ledger_.losses.empty());
    kernel_.carry(2, 50, 50);
    kernel_.end(2, false);
    poll_table();
    commit();
    const auto losses = losses_of(LossReason::event_drop);
    ASSERT_EQ(losses.size(), 1U);
    EXPECT_EQ(losses[0].bytes_bound, 100U);
    EXPECT_EQ(counter("conntrack_unseen_ends_total"), 2U);
}

// The event of its end is sent before the listing that does not contain it, and is read after that.
TEST_F(ConnectionMeterTest, AnEventOfAnEndThatIsReadAfterTheListingIsInTime) {
    start();
    kernel_.begin(1).timeout = 300;
    kernel_.carry(1, 1, 1);
    poll_table();
    kernel_.carry(1, 50, 50);
    kernel_.end(1);
    kernel_.holds_events = true;
    kernel_.pass(poll);
    ASSERT_TRUE(meter_->pull(ledger_, Duration{}).has_value());
    kernel_.holds_events = false;
    read();
    commit();
    EXPECT_EQ(of(1), (Count{51, 51}));
    EXPECT_TRUE(ledger_.losses.empty());
    EXPECT_EQ(counter("conntrack_unseen_ends_total"), 0U);
}

TEST_F(ConnectionMeterTest, ConnectionsBeyondTheLimitCountWhenTheyEnd) {
    options_.connection_limit = 1;
    start();
    kernel_.begin(1, 1);
    kernel_.begin(2, 2);
    kernel_.carry(1, 1, 1);
    kernel_.carry(2, 20, 200);
    poll_table();
    EXPECT_EQ(of(2), Count{});
    EXPECT_EQ(counter("conntrack_connections"), 1U);
    EXPECT_GE(counter("conntrack_refused_total"), 1U);
    kernel_.end(2);
    read();
    EXPECT_EQ(of(2), (Count{20, 200}));
}

// nf_conntrack_acct was 0 when it began.
TEST_F(ConnectionMeterTest, AConnectionWithoutCountersIsALossWithABoundOnceAnHour) {
    start();
    kernel_.settings.counts = false;
    kernel_.begin(1, 1);
    kernel_.settings.counts = true;
    kernel_.begin(2, 2);
    for (int i = 0; i < 5; ++i) {
        kernel_.carry(1, 10, 20);
        kernel_.carry(2, 1, 2);
        poll_table();
    }
    commit();
    auto losses = losses_of(LossReason::not_running);
    ASSERT_EQ(losses.size(), 1U);
    EXPECT_EQ(losses[0].bytes_bound, 30U);
    EXPECT_EQ(losses[0].packets, 2U);
    EXPECT_EQ(of(1), Count{});
    EXPECT_EQ(of(2), (Count{5, 10}));
    kernel_.pass(Duration::hours(1));
    poll_table();
    kernel_.carry(1, 7, 0);
    kernel_.end(1);
    poll_table();
    poll_table();
    commit();
    losses = losses_of(LossReason::not_running);
    ASSERT_EQ(losses.size(), 3U);
    EXPECT_EQ(losses[1].bytes_bound, 120U) << "in the hour";
    EXPECT_EQ(losses[2].bytes_bound, 7U) << "until its end";
    EXPECT_EQ(losses[2].interval.begin, losses[1].interval.end);
}

TEST_F(ConnectionMeterTest, AShortConnectionWithoutCountersIsALossWithABound) {
    start();
    kernel_.settings.counts = false;
    kernel_.begin(1);
    kernel_.carry(1, 10, 20);
    kernel_.end(1);
    poll_table();
    commit();
    const auto losses = losses_of(LossReason::not_running);
    ASSERT_EQ(losses.size(), 1U);
    EXPECT_EQ(losses[0].bytes_bound, 30U);
}

// The event of its begin has no counters in any case.
TEST_F(ConnectionMeterTest, AListedConnectionWithoutCountersIsNoUnseenEnd) {
    kernel_.settings.timestamps = false;
    start();
    kernel_.settings.counts = false;
    kernel_.begin(1);
    for (int i = 0; i < 3; ++i) {
        kernel_.carry(1, 10, 20);
        poll_table();
    }
    kernel_.end(1);
    poll_table();
    poll_table();
    commit();
    EXPECT_EQ(counter("conntrack_unseen_ends_total"), 0U);
    std::uint64_t bound = 0;
    for (const Loss& loss : ledger_.losses) {
        EXPECT_EQ(loss.reason, LossReason::not_running);
        bound += loss.bytes_bound.value_or(0);
    }
    EXPECT_EQ(bound, 90U);
}

// What it does not record is measured until the end.
TEST_F(ConnectionMeterTest, TheLastCheckpointHasTheLossOfEventsThatWereLostJustBefore) {
    start();
    kernel_.events_max = 0;
    kernel_.begin(1);
    kernel_.carry(1, 10, 100);
    kernel_.end(1);
    ASSERT_TRUE(meter_->pull(ledger_, Duration{}).has_value());
    commit();
    EXPECT_TRUE(ledger_.losses.empty()) << "the next listing shows how much it was";
    meter_->on_stop();
    commit();
    auto losses = losses_of(LossReason::event_drop);
    ASSERT_EQ(losses.size(), 1U);
    EXPECT_EQ(losses[0].bytes_bound, 110U);
    kill();
    kernel_.events_max = 10;
    start();
    commit();
    EXPECT_EQ(ledger_.losses.size(), 1U) << "not again after the restart";
}

// The traffic that live connections carry while the table is listed is in no loss.
TEST_F(ConnectionMeterTest, TheBoundOfALossDoesNotContainTrafficThatIsPostedLater) {
    start();
    kernel_.begin(1, 1);
    kernel_.begin(2, 2);
    poll_table();
    kernel_.events_max = 0;
    kernel_.begin(3, 3);
    kernel_.carry(3, 40, 400);
    kernel_.end(3);
    kernel_.entries_per_read = 1;
    kernel_.pass(poll);
    ASSERT_TRUE(meter_->pull(ledger_, Duration{}).has_value());
    kernel_.carry(1, 10'000, 10'000);  // its entry was read
    for (int i = 0; i < 5; ++i) ASSERT_TRUE(meter_->pull(ledger_, Duration{}).has_value());
    commit();
    EXPECT_TRUE(ledger_.losses.empty());
    kernel_.entries_per_read = 1000;
    kernel_.pass(Duration::seconds(1));
    read();
    commit();
    const auto losses = losses_of(LossReason::event_drop);
    ASSERT_EQ(losses.size(), 1U);
    EXPECT_EQ(losses[0].bytes_bound, 440U);
    EXPECT_EQ(of(1), (Count{10'000, 10'000}));
}

TEST_F(ConnectionMeterTest, MoreThanALinkCarriesIsImplausible) {
    options_.link_bits_per_second = 8 * megabit;
    start();
    kernel_.begin(1);
    kernel_.carry(1, 0, 1'000'000'000'000);
    poll_table();
    ASSERT_EQ(ledger_.waiting.size(), 1U);
    EXPECT_EQ(ledger_.waiting[0].kind, ReadingKind::implausible);
    EXPECT_EQ(counter("conntrack_implausible_total"), 1U);
}

TEST_F(ConnectionMeterTest, AConnectionOfTheMachineToItselfLeavesNoReading) {
    start();
    Entry& own = kernel_.begin(1);
    own.connection.original.src = own.connection.reply.src = *parse_address("192.0.2.1");
    own.original = {100, 1};
    poll_table();
    EXPECT_TRUE(ledger_.waiting.empty());
    EXPECT_EQ(counter("conntrack_own_bytes_total"), 100U);
}

}  // namespace
}  // namespace octroi::conntrack
