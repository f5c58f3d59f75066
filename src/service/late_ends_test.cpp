// SPDX-License-Identifier: GPL-3.0-or-later
#include "service/late_ends.hpp"

#include <gtest/gtest.h>

#include "ledger/testing/batches.hpp"

namespace octroi {
namespace {

Volume of_bytes(std::uint64_t bytes) { return {Bytes{bytes}, Packets{1}, Flows{1}}; }

Party held_by(const std::string& account) { return {PartyKind::account, account, "10.0.0.1"}; }

class LateEndsTest : public ::testing::Test {
protected:
    const std::set<std::string> identities_{"10.0.0.1"};
    LateEnds ends_{identities_};
    const SliceKey row_{0, testing::bucket_at(1), 0, 0, 0};
};

TEST_F(LateEndsTest, OtherEndsStay) {
    ends_.add_observed(row_, testing::unattributed("10.0.0.2"),
                       {PartyKind::account, "carol", "10.0.0.2"}, of_bytes(5));
    ends_.add_booked(row_, testing::unattributed("10.0.0.2"), of_bytes(5));
    EXPECT_TRUE(ends_.shows_ends(row_));
    EXPECT_EQ(ends_.party_now(row_, testing::unattributed("10.0.0.2")),
              testing::unattributed("10.0.0.2"));
}

TEST_F(LateEndsTest, OnePartyGetsAllWhateverWasCorrectedBefore) {
    ends_.add_observed(row_, testing::unattributed("10.0.0.1"), held_by("bob"), of_bytes(5));
    ends_.add_booked(row_, held_by("alice"), of_bytes(5));
    EXPECT_TRUE(ends_.shows_ends(row_));
    EXPECT_EQ(ends_.party_now(row_, held_by("alice")), held_by("bob"));
    const SliceKey other{0, testing::bucket_at(2), 0, 0, 0};
    EXPECT_EQ(ends_.party_now(other, held_by("alice")), held_by("alice")) << "another bucket";
}

// A part is in doubt.
TEST_F(LateEndsTest, OfSeveralPartiesEachObservedOneMoves) {
    ends_.add_observed(row_, held_by("alice"), held_by("alice"), of_bytes(5));
    ends_.add_observed(row_, testing::unattributed("10.0.0.1"), held_by("bob"), of_bytes(7));
    ends_.add_booked(row_, held_by("alice"), of_bytes(5));
    ends_.add_booked(row_, testing::unattributed("10.0.0.1"), of_bytes(7));
    EXPECT_TRUE(ends_.shows_ends(row_));
    EXPECT_EQ(ends_.party_now(row_, held_by("alice")), held_by("alice"));
    EXPECT_EQ(ends_.party_now(row_, testing::unattributed("10.0.0.1")), held_by("bob"));
}

TEST_F(LateEndsTest, WhatIsCorrectedAlreadyStays) {
    ends_.add_observed(row_, held_by("alice"), held_by("alice"), of_bytes(5));
    ends_.add_observed(row_, testing::unattributed("10.0.0.1"), held_by("bob"), of_bytes(7));
    ends_.add_booked(row_, held_by("alice"), of_bytes(5));
    ends_.add_booked(row_, held_by("bob"), of_bytes(7));
    EXPECT_TRUE(ends_.shows_ends(row_));
    EXPECT_EQ(ends_.party_now(row_, held_by("bob")), held_by("bob"));
}

// Of 12 octets of alice 7 are bob's, but the booked rows do not show which.
TEST_F(LateEndsTest, RowsThatAnEarlierCorrectionJoinedShowNothing) {
    ends_.add_observed(row_, held_by("alice"), held_by("alice"), of_bytes(5));
    ends_.add_observed(row_, testing::unattributed("10.0.0.1"), held_by("bob"), of_bytes(7));
    ends_.add_booked(row_, held_by("alice"), of_bytes(12));
    EXPECT_FALSE(ends_.shows_ends(row_));
}

TEST_F(LateEndsTest, RowsWithoutTheObservedIdentityShowNothing) {
    ends_.add_observed(row_, testing::unattributed("10.0.0.1"), held_by("bob"), of_bytes(7));
    ends_.add_booked(row_, {PartyKind::account, "net", "10.0.0.0/8"}, of_bytes(7));
    EXPECT_FALSE(ends_.shows_ends(row_));
}

TEST(LatePrices, ComparesClassesAndServicesApart) {
    const Party alice = held_by("alice");
    LatePrices prices;
    prices.add_observed(alice, testing::outside("first"), "web", of_bytes(5));
    prices.add_booked(held_by("bob"), testing::outside("first"), "web", of_bytes(5));
    EXPECT_TRUE(prices.are_as_observed());
    LatePrices classes = prices;
    classes.add_observed(alice, testing::outside("first"), "web", of_bytes(5));
    classes.add_booked(alice, testing::outside("second"), "web", of_bytes(5));
    EXPECT_FALSE(classes.are_as_observed());
    LatePrices services = prices;
    services.add_observed(alice, testing::outside("first"), "web", of_bytes(5));
    services.add_booked(alice, testing::outside("first"), "mail", of_bytes(5));
    EXPECT_FALSE(services.are_as_observed());
}

}  // namespace
}  // namespace octroi
