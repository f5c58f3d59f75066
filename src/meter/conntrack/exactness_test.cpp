// SPDX-License-Identifier: GPL-3.0-or-later
// Orders of events and listings in which a byte could count twice, or be missed without a loss.

#include "meter/conntrack/testing/tracking_test.hpp"

namespace octroi::conntrack {
namespace {

using testing::poll;

class ConntrackExactness : public testing::TrackingTest {};

// The connection begins between the read of the events and that of the listing.
TEST_F(ConntrackExactness, ABeginThatIsReadBehindTheListingDoesNotCountTheConnectionAgain) {
    kernel_.settings.timestamps = false;
    start();
    kernel_.begin(1);
    kernel_.carry(1, 100, 1000);
    kernel_.holds_events = true;
    poll_table();
    EXPECT_EQ(of(1), (Count{100, 1000}));
    kernel_.holds_events = false;
    kernel_.carry(1, 10, 20);
    poll_table();
    kernel_.carry(1, 1, 2);
    kernel_.end(1);
    read();
    EXPECT_EQ(of(1), (Count{111, 1022}));
    EXPECT_EQ(counter("conntrack_replaced_total"), 0U);
}

// Of a connection that sends no event at its end (nf_conntrack_events = 2), another one follows.
TEST_F(ConntrackExactness, ABeginMuchLaterIsThatOfAnotherConnection) {
    kernel_.settings.timestamps = false;
    kernel_.begin(1).timeout = 300;
    kernel_.carry(1, 5, 5);
    start();
    commit();
    for (int i = 0; i < 3; ++i) poll_table();
    kernel_.carry(1, 40, 40);
    kernel_.end(1, false);
    kernel_.begin(1).timeout = 300;
    kernel_.carry(1, 100, 1000);
    poll_table();
    commit();
    EXPECT_EQ(of(1), (Count{100, 1000}));
    EXPECT_EQ(counter("conntrack_replaced_total"), 1U);
    const auto losses = losses_of(LossReason::event_drop);
    ASSERT_EQ(losses.size(), 1U);
    EXPECT_EQ(losses[0].bytes_bound, 80U);
}

// Its time-out is shorter than the poll: it may have had packets, and then ended.
TEST_F(ConntrackExactness, ASilentEndOfAConnectionWithAShortTimeOutIsALoss) {
    kernel_.begin(1).timeout = 3;
    kernel_.carry(1, 5, 5);
    start();
    kernel_.carry(1, 40, 40);
    kernel_.end(1, false);
    poll_table();
    commit();
    const auto losses = losses_of(LossReason::event_drop);
    ASSERT_EQ(losses.size(), 1U);
    EXPECT_EQ(losses[0].bytes_bound, 80U);
}

// Another program asked for reliable events, so the kernel sends those of an end again to all.
TEST_F(ConntrackExactness, AnEndThatTheKernelSendsAgainCountsOnce) {
    for (const bool has_timestamps : {true, false}) {
        kernel_ = {};
        ledger_ = {};
        kernel_.settings.timestamps = has_timestamps;
        start();
        for (int connection = 0; connection < 2; ++connection) {
            kernel_.pass(Duration::seconds(1));
            kernel_.begin(1);
            kernel_.carry(1, 100, 1000);
            const std::string end = kernel_.end_of(1);
            kernel_.end(1);
            for (int i = 0; i < 3; ++i) {
                read();
                kernel_.send_event(ConnectionSource::Kind::ended, end);
            }
            poll_table();
        }
        EXPECT_EQ(of(1), (Count{200, 2000})) << "two connections with the same id and counters";
        EXPECT_EQ(counter("conntrack_repeated_total"), 6U);
        meter_.reset();
    }
}

// The kernel sends the event first, and then removes the connection from its table.
TEST_F(ConntrackExactness, AConnectionThatIsBeingRemovedCountsByItsEvent) {
    start();
    kernel_.begin(1).timeout = 300;
    kernel_.carry(1, 100, 1000);
    const Entry ending = [&] {
        Entry entry = kernel_.of(1);
        entry.status |= status_dying;
        return entry;
    }();
    kernel_.end(1);
    read();
    kernel_.table.push_back(ending);
    poll_table();
    kernel_.table.clear();
    poll_table();
    commit();
    EXPECT_EQ(of(1), (Count{100, 1000}));
    EXPECT_TRUE(ledger_.losses.empty());
}

TEST_F(ConntrackExactness, ARefusedConnectionThatIsOlderThanTheMeterStaysUncountedAfterARestart) {
    options_.connection_limit = 1;
    kernel_.begin(1, 1);
    kernel_.begin(2, 2);
    kernel_.carry(2, 5000, 5000);
    kernel_.pass(poll);
    start();
    commit();
    kill();
    options_.connection_limit = 10;
    start();
    EXPECT_EQ(of(2), Count{}) << "it carried that before the meter began";
    kernel_.carry(2, 1, 2);
    poll_table();
    EXPECT_EQ(of(2), (Count{1, 2}));
}

// Without times of the kernel nothing tells an old connection from a new one.
TEST_F(ConntrackExactness, ARefusedConnectionOfUnknownAgeIsNotBilledForTheTimeBeforeTheMeter) {
    kernel_.settings.timestamps = false;
    options_.connection_limit = 1;
    kernel_.begin(1, 1);
    kernel_.begin(2, 2);
    kernel_.carry(2, 5000, 5000);
    kernel_.pass(poll);
    start();
    commit();
    kernel_.carry(2, 10, 20);
    kernel_.end(2);
    poll_table();
    poll_table();
    commit();
    EXPECT_EQ(of(2), Count{}) << "it carried most of that before the meter began";
    const auto losses = losses_of(LossReason::not_running);
    ASSERT_EQ(losses.size(), 1U);
    EXPECT_EQ(losses[0].bytes_bound, 10'030U);
    // Behind that, all connections that live are known.
    kernel_.end(1);
    kernel_.begin(3, 3);
    poll_table();
    kernel_.carry(3, 1, 2);
    poll_table();
    EXPECT_EQ(of(3), (Count{1, 2}));
}

// With nf_conntrack_events = 2 it sends no event at its end.
TEST_F(ConntrackExactness, ASilentEndOfAConnectionBeyondTheLimitIsALoss) {
    options_.connection_limit = 1;
    start();
    kernel_.begin(1, 1);
    kernel_.begin(2, 2);
    kernel_.carry(2, 40, 400);
    for (int i = 0; i < 3; ++i) poll_table();
    commit();
    EXPECT_TRUE(ledger_.losses.empty()) << "it counts when it ends";
    kernel_.end(2, false);
    poll_table();
    commit();
    const auto losses = losses_of(LossReason::event_drop);
    ASSERT_EQ(losses.size(), 1U);
    EXPECT_EQ(losses[0].bytes_bound, 440U);
}

// The kernel has used the id again while the meter was down, and states no times.
TEST_F(ConntrackExactness, AnIdThatIsUsedAgainDuringAKillIsCoveredByTheBound) {
    kernel_.settings.timestamps = false;
    start();
    kernel_.begin(1, 5);
    kernel_.carry(1, 100, 1000);
    poll_table();
    commit();
    kill();
    kernel_.carry(1, 7, 7);
    kernel_.end(1);
    kernel_.begin(1, 5);
    kernel_.carry(1, 300, 3000);
    start();
    commit();
    const Count counted = of(1);
    const auto losses = losses_of(LossReason::not_running);
    ASSERT_EQ(losses.size(), 1U);
    const std::uint64_t carried = 100 + 1000 + 14 + 3300;
    EXPECT_EQ(counted.bytes + counted.packets + *losses[0].bytes_bound, carried);
}

// conntrack -L -z.
TEST_F(ConntrackExactness, CountersThatAnotherProgramResetsAreALoss) {
    start();
    kernel_.begin(1);
    kernel_.carry(1, 1000, 1000);
    kernel_.begin(2, 2);
    kernel_.carry(2, 100, 100);
    poll_table();
    kernel_.carry(1, 30, 40);
    for (Entry& entry : kernel_.table) entry.original = entry.reply = {};
    kernel_.carry(1, 7, 8);
    kernel_.carry(2, 500, 500);  // more than before: the reset cannot be seen here
    poll_table();
    commit();
    EXPECT_EQ(of(1), (Count{1007, 1008}));
    EXPECT_EQ(of(2), (Count{500, 500}));
    EXPECT_EQ(counter("conntrack_reset_total"), 1U);
    const auto losses = losses_of(LossReason::counter_reset);
    ASSERT_EQ(losses.size(), 1U);
    EXPECT_EQ(losses[0].bytes_bound, 270U) << "30 + 40 of the one, 100 + 100 of the other";
    std::uint64_t flows = 0;
    for (const Reading& r : ledger_.committed) flows += r.flows;
    EXPECT_EQ(flows, 4U) << "one for each direction";
}

// The kernel changes its table while it is listed: one listing may miss an entry.
TEST_F(ConntrackExactness, AListingThatAKillCutAndOneThatMissesAnEntryEvictNothing) {
    start();
    kernel_.begin(1, 1).timeout = 300;
    kernel_.begin(2, 2).timeout = 300;
    kernel_.carry(1, 10, 10);
    kernel_.carry(2, 100, 100);
    poll_table();
    kernel_.entries_per_read = 1;
    kernel_.pass(poll);
    ASSERT_TRUE(meter_->pull(ledger_, Duration{}).has_value());
    commit();  // the listing has reached the first one only
    kill();
    kernel_.entries_per_read = 1000;
    const Entry missed = kernel_.table.back();
    kernel_.table.pop_back();
    start();
    kernel_.table.push_back(missed);
    poll_table();
    EXPECT_EQ(of(2), (Count{100, 100}));
}

TEST_F(ConntrackExactness, AConnectionWithoutTimesThatFollowsOneWithTimesIsAnotherOne) {
    start();
    kernel_.begin(1);
    kernel_.carry(1, 100, 100);
    poll_table();
    kernel_.end(1, false);
    kernel_.settings.timestamps = false;
    kernel_.begin(1);
    kernel_.carry(1, 300, 300);
    poll_table();
    EXPECT_EQ(of(1), (Count{400, 400}));
}

TEST_F(ConntrackExactness, AQuietRestartIsNoLoss) {
    start();
    kernel_.begin(1);
    kernel_.carry(1, 100, 1000);
    poll_table();
    kernel_.carry(1, 7, 7);
    commit();
    kill();
    start();
    commit();
    // Frames that are no IP: the IP layer does not count them.
    kill();
    kernel_.interfaces.front().counters.rx_bytes += 60;
    kernel_.interfaces.front().counters.rx_packets += 1;
    kernel_.carry(1, 30, 30);
    start();
    commit();
    EXPECT_EQ(of(1), (Count{137, 1037}));
    EXPECT_TRUE(ledger_.losses.empty());
}

TEST_F(ConntrackExactness, WithAFastPathTheInterfacesBoundALoss) {
    kernel_.has_fast_path = true;
    start();
    kernel_.begin(1);
    kernel_.carry(1, 100, 1000);
    poll_table();
    commit();
    kill();
    kernel_.carry(1, 40, 400);
    kernel_.end(1);
    start();
    commit();
    const auto losses = losses_of(LossReason::not_running);
    ASSERT_EQ(losses.size(), 1U);
    EXPECT_EQ(losses[0].bytes_bound, 400U) << "what came in at the only interface";
}

}  // namespace
}  // namespace octroi::conntrack
