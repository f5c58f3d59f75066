// SPDX-License-Identifier: GPL-3.0-or-later
#include "meter/conntrack/loss_tracker.hpp"

#include <gtest/gtest.h>

namespace octroi::conntrack {
namespace {

constexpr UtcTime begin = UtcTime::from_seconds(1'800'000'000);
constexpr std::uint64_t packet = 100;

// A router that has forwarded so many octets, in packets of one size.
TrafficTotals carried(std::uint64_t octets) {
    return {{}, IpTotals{{octets, octets / packet}, octets, 0, 0, 0}, false};
}

Count count_of(std::uint64_t octets) { return {octets, octets / packet}; }

class LossTrackerTest : public ::testing::Test {
protected:
    LossTrackerTest() {
        position_.time = position_.meter_start = position_.listed = begin;
        position_.totals = carried(0);
    }
    // A listing began after `before` octets and was complete after `after`; and `posted` octets
    // were posted since the first position.
    std::optional<Loss> listed(const LossSigns& signs, std::uint64_t before, std::uint64_t after,
                               std::uint64_t posted) {
        time_ = time_ + Duration::seconds(10);
        CompleteListing listing;
        listing.begin.time = listing.begin.listed = time_;
        listing.begin.totals = carried(before);
        listing.totals = carried(after);
        listing.time = time_;
        position_.posted.all = count_of(posted - moved_);
        auto loss = tracker_.on_listed(signs, std::move(listing), position_);
        if (position_.time == time_) moved_ = posted;
        return loss;
    }

    LossTracker tracker_;
    TrackingPosition position_;
    UtcTime time_ = begin;
    std::uint64_t moved_ = 0;  // posted before the position
};

constexpr LossSigns lost{.has_lost_events = true};

TEST_F(LossTrackerTest, ALossIsRecordedAtOnceWhereTheBoundIsClose) {
    EXPECT_FALSE(listed({}, 1000, 1000, 1000).has_value());
    EXPECT_EQ(position_.time, time_) << "nothing is missing: the position moves";
    const auto loss = listed(lost, 10'000, 10'100, 9'000);
    ASSERT_TRUE(loss.has_value());
    EXPECT_EQ(loss->reason, LossReason::event_drop);
    EXPECT_EQ(loss->bytes_bound, 1'100U);
    EXPECT_EQ(loss->packets, 11U);
    EXPECT_EQ(loss->interval, (Interval{begin + Duration::seconds(10), time_}));
    EXPECT_FALSE(tracker_.wants_listing());
}

TEST_F(LossTrackerTest, WaitsForAListingWithLittleTraffic) {
    EXPECT_FALSE(listed(lost, 10'000, 50'000, 8'000).has_value());
    EXPECT_TRUE(tracker_.wants_listing());
    EXPECT_FALSE(listed({}, 50'000, 60'000, 45'000).has_value());
    const auto loss = listed({}, 60'000, 60'000, 58'000);
    ASSERT_TRUE(loss.has_value());
    EXPECT_EQ(loss->bytes_bound, 2'000U) << "the rest was posted meanwhile";
    EXPECT_EQ(loss->interval.begin, begin);
    EXPECT_FALSE(tracker_.wants_listing());
    EXPECT_FALSE(listed({}, 61'000, 61'000, 59'000).has_value());
    EXPECT_EQ(position_.time, time_);
}

TEST_F(LossTrackerTest, WhereAllWasPostedThereIsNoLoss) {
    EXPECT_FALSE(listed(lost, 10'000, 50'000, 8'000).has_value());
    EXPECT_FALSE(listed({}, 50'000, 60'000, 60'000).has_value());
    EXPECT_FALSE(tracker_.wants_listing());
    EXPECT_EQ(position_.time, time_);
}

TEST_F(LossTrackerTest, DoesNotWaitForEver) {
    constexpr std::uint64_t rounds_max = LossTracker::settle_listings_max;
    std::uint64_t sum = 0;
    // 100,000 octets pass in each listing, and 1,000 of each 200,000 are lost.
    for (std::uint64_t round = 1; round <= 3 * rounds_max; ++round) {
        const std::uint64_t at = round * 200'000;
        const auto loss = listed(lost, at - 100'000, at, at - round * 1'000 - 90'000);
        if (loss) sum += *loss->bytes_bound;
        EXPECT_EQ(loss.has_value(), round % rounds_max == 0) << round;
    }
    EXPECT_EQ(sum, 3 * rounds_max * 1'000U + 90'000U)
        << "the traffic of one listing is too much, not of each";
    EXPECT_EQ(position_.time, begin);
}

// More was recorded than was lost: later losses are in it.
TEST_F(LossTrackerTest, WhatALossContainsTooMuchIsInNoLaterOne) {
    for (int i = 1; i < LossTracker::settle_listings_max; ++i)
        EXPECT_FALSE(listed(lost, 10'000, 20'000, 11'000).has_value());
    const auto loss = listed(lost, 10'000, 20'000, 11'000);
    ASSERT_TRUE(loss.has_value());
    EXPECT_EQ(loss->bytes_bound, 9'000U);
    EXPECT_FALSE(listed(lost, 20'000, 20'000, 18'000).has_value()) << "2,000 were lost";
    EXPECT_FALSE(listed(lost, 30'000, 30'000, 25'000).has_value()) << "and 3,000 more";
    const auto next = listed(lost, 40'000, 40'000, 30'000);
    ASSERT_TRUE(next.has_value());
    EXPECT_EQ(next->bytes_bound, 1'000U) << "10,000 in all";
    EXPECT_FALSE(listed({}, 40'000, 40'000, 30'000).has_value());
    EXPECT_EQ(position_.time, time_);
}

TEST_F(LossTrackerTest, TheSmallestBoundCounts) {
    EXPECT_FALSE(listed(lost, 10'000, 50'000, 30'000).has_value());
    EXPECT_FALSE(listed({}, 50'000, 60'000, 57'000).has_value()) << "10,000 of 3,000";
    for (int i = 3; i < LossTracker::settle_listings_max; ++i)
        EXPECT_FALSE(listed({}, 60'000, 70'000, 62'000).has_value());
    const auto loss = listed({}, 60'000, 70'000, 62'000);
    ASSERT_TRUE(loss.has_value());
    EXPECT_EQ(loss->bytes_bound, 3'000U);
}

TEST_F(LossTrackerTest, ASmallBoundBeforeALaterSignDoesNotCount) {
    EXPECT_FALSE(listed(lost, 10'000, 50'000, 49'000).has_value());
    const auto loss = listed(lost, 60'000, 60'000, 51'000);
    ASSERT_TRUE(loss.has_value());
    EXPECT_EQ(loss->bytes_bound, 9'000U);
}

TEST_F(LossTrackerTest, TheReasonIsTheFirstThatExplainsTheLoss) {
    const auto reason = [&](const LossSigns& signs) {
        position_.totals = carried(0);
        position_.recorded = {};
        tracker_ = {};
        const auto loss = listed(signs, 1000, 1000, moved_);
        return loss ? to_string(loss->reason) : "none";
    };
    EXPECT_STREQ(reason({.is_resumed = true, .has_lost_events = true}),
                 to_string(LossReason::not_running));
    EXPECT_STREQ(reason({.has_reset = true, .unseen_ends = 1}), to_string(LossReason::event_drop));
    EXPECT_STREQ(reason({.has_reset = true}), to_string(LossReason::counter_reset));
}

TEST_F(LossTrackerTest, WithoutABoundTheLossIsRecordedAtOnce) {
    position_.time = UtcTime::min();
    const auto loss = listed(lost, 10'000, 50'000, 0);
    ASSERT_TRUE(loss.has_value());
    EXPECT_FALSE(loss->bytes_bound.has_value());
    EXPECT_EQ(loss->interval.begin, begin) << "when the meter started";
    EXPECT_EQ(position_.time, time_);
}

TEST_F(LossTrackerTest, AtAStopTheBoundOfThatMomentIsRecorded) {
    EXPECT_FALSE(listed(lost, 10'000, 50'000, 8'000).has_value());
    position_.posted.all = count_of(52'000);
    const auto loss = tracker_.on_stop({}, carried(60'000), time_ + Duration{5}, position_);
    ASSERT_TRUE(loss.has_value());
    EXPECT_EQ(loss->bytes_bound, 8'000U);
    EXPECT_EQ(position_.recorded, count_of(8'000)) << "not again after a restart";
    EXPECT_FALSE(tracker_.on_stop({}, carried(60'000), time_, position_).has_value());
}

}  // namespace
}  // namespace octroi::conntrack
