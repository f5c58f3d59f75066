// SPDX-License-Identifier: GPL-3.0-or-later
#include "meter/neighbours/known_neighbours.hpp"

#include <gtest/gtest.h>

#include "record/identity_values.hpp"

namespace octroi::neighbours {
namespace {

const Address host = *parse_address("10.1.2.3");
const Mac first_mac = *parse_mac("00:30:ca:b8:d9:01");
const Mac second_mac = *parse_mac("00:30:ca:b8:d9:02");

class Neighbours : public ::testing::Test {
protected:
    void on(NeighbourState state, const Mac& mac, const Address& address = host,
            int interface = 1) {
        NeighbourEntry entry;
        entry.interface = interface;
        entry.address = address;
        entry.mac = mac;
        entry.state = state;
        known_.on_entry(entry, wall_, uptime_);
    }
    void remove(int interface = 1) {
        NeighbourEntry entry;
        entry.interface = interface;
        entry.address = host;
        entry.mac = first_mac;
        entry.state = NeighbourState::reachable;
        entry.is_removed = true;
        known_.on_entry(entry, wall_, uptime_);
    }
    void pass(Duration time) {
        wall_ = wall_ + time;
        uptime_ = uptime_ + time;
        known_.expire(wall_, uptime_);
    }
    [[nodiscard]] IdentityEvent held(const Mac& mac) const {
        return {wall_, identity_of(host), identity_of(mac), wall_ + policy_.valid_for};
    }
    [[nodiscard]] IdentityEvent not_held() const { return {wall_, identity_of(host), no_holder()}; }
    [[nodiscard]] std::uint64_t counter(std::string_view name) const {
        for (const CounterValue& value : known_.counters())
            if (value.name == name) return value.value;
        ADD_FAILURE() << name;
        return 0;
    }

    NeighbourPolicy policy_{.networks = {*parse_prefix("10.0.0.0/8"), *parse_prefix("fe80::/10"),
                                         *parse_prefix("224.0.0.0/4")},
                            .limit = 2};
    KnownNeighbours known_{policy_};
    UtcTime wall_ = UtcTime::from_seconds(1'700'000'000);
    Duration uptime_ = Duration::seconds(500);
};

TEST_F(Neighbours, CountWhenTheKernelHasProof) {
    on(NeighbourState::stale, first_mac);
    on(NeighbourState::delay, first_mac);
    on(NeighbourState::probe, first_mac);
    on(NeighbourState::incomplete, {});
    on(NeighbourState::no_arp, first_mac);
    EXPECT_TRUE(known_.drain_events().empty());
    EXPECT_EQ(counter("neighbours_unproven_total"), 3U);
    on(NeighbourState::reachable, first_mac);
    EXPECT_EQ(known_.drain_events(), std::vector{held(first_mac)});
    on(NeighbourState::stale, first_mac);
    on(NeighbourState::reachable, first_mac);
    EXPECT_TRUE(known_.drain_events().empty());
    EXPECT_EQ(counter("neighbours_known"), 1U);
}

TEST_F(Neighbours, PermanentEntriesCount) {
    on(NeighbourState::permanent, first_mac);
    EXPECT_EQ(known_.drain_events(), std::vector{held(first_mac)});
}

// A forged ARP request makes the entry STALE with the MAC address of its sender.
TEST_F(Neighbours, AnotherMacCountsOnlyWithProof) {
    on(NeighbourState::reachable, first_mac);
    (void)known_.drain_events();
    on(NeighbourState::stale, second_mac);
    EXPECT_TRUE(known_.drain_events().empty());
    pass(Duration::seconds(7));
    on(NeighbourState::reachable, second_mac);
    EXPECT_EQ(known_.drain_events(), std::vector{held(second_mac)});
    EXPECT_EQ(counter("neighbours_changed_total"), 1U);
}

TEST_F(Neighbours, KeepTheirAddressForATimeWhenTheyHaveGone) {
    on(NeighbourState::reachable, first_mac);
    (void)known_.drain_events();
    remove();
    pass(policy_.gone_after - Duration::seconds(1));
    EXPECT_TRUE(known_.drain_events().empty());
    pass(Duration::seconds(1));
    EXPECT_EQ(known_.drain_events(), std::vector{not_held()});
    EXPECT_EQ(counter("neighbours_known"), 0U);
}

TEST_F(Neighbours, ComeBack) {
    on(NeighbourState::reachable, first_mac);
    on(NeighbourState::failed, first_mac);
    on(NeighbourState::stale, first_mac);
    (void)known_.drain_events();
    pass(policy_.gone_after + policy_.gone_after);
    EXPECT_TRUE(known_.drain_events().empty());
}

TEST_F(Neighbours, OfAnotherInterfaceDoNotRemoveThem) {
    on(NeighbourState::reachable, first_mac);
    remove(2);
    (void)known_.drain_events();
    pass(policy_.gone_after);
    EXPECT_TRUE(known_.drain_events().empty());
}

TEST_F(Neighbours, ThatAListingLacksHaveGone) {
    known_.begin_listing();
    on(NeighbourState::reachable, first_mac);
    known_.end_listing(uptime_);
    (void)known_.drain_events();
    known_.begin_listing();
    on(NeighbourState::stale, first_mac);
    known_.end_listing(uptime_);
    pass(policy_.gone_after);
    EXPECT_TRUE(known_.drain_events().empty());
    known_.begin_listing();
    known_.end_listing(uptime_);
    pass(policy_.gone_after);
    EXPECT_EQ(known_.drain_events(), std::vector{not_held()});
}

TEST_F(Neighbours, AreStatedAgainInTime) {
    on(NeighbourState::reachable, first_mac);
    (void)known_.drain_events();
    pass(Duration::hours(11));
    EXPECT_TRUE(known_.drain_events().empty());
    pass(Duration::hours(1));
    EXPECT_EQ(known_.drain_events(), std::vector{held(first_mac)});
    pass(Duration::seconds(1));
    EXPECT_TRUE(known_.drain_events().empty());
}

TEST_F(Neighbours, ExceptRoutersGroupsAndOtherNetworks) {
    NeighbourEntry router;
    router.address = host;
    router.mac = first_mac;
    router.state = NeighbourState::reachable;
    router.is_router = true;
    known_.on_entry(router, wall_, uptime_);
    on(NeighbourState::reachable, first_mac, *parse_address("192.0.2.1"));
    on(NeighbourState::permanent, first_mac, *parse_address("224.0.0.1"));
    on(NeighbourState::reachable, first_mac, *parse_address("fe80::1"));
    on(NeighbourState::reachable, *parse_mac("01:00:5e:00:00:01"));
    on(NeighbourState::reachable, {});
    EXPECT_TRUE(known_.drain_events().empty());
}

TEST_F(Neighbours, AreBounded) {
    for (const char* address : {"10.0.0.1", "10.0.0.2", "10.0.0.3"})
        on(NeighbourState::reachable, first_mac, *parse_address(address));
    EXPECT_EQ(known_.drain_events().size(), 2U);
    EXPECT_EQ(counter("neighbours_refused_total"), 1U);
}

// A host of IPv6 chooses its addresses.
TEST_F(Neighbours, HaveSoManyAddressesOfOneMac) {
    known_ = KnownNeighbours{NeighbourPolicy{.limit_of_a_mac = 2}};
    for (const char* address : {"2001:db8::1", "2001:db8::2", "2001:db8::3"})
        on(NeighbourState::reachable, first_mac, *parse_address(address));
    EXPECT_EQ(known_.drain_events().size(), 2U);
    EXPECT_EQ(counter("neighbours_refused_total"), 1U);
    on(NeighbourState::reachable, first_mac, *parse_address("2001:db8::2"));
    EXPECT_EQ(counter("neighbours_refused_total"), 1U);
    // Another host takes one: the first has a free place.
    on(NeighbourState::reachable, second_mac, *parse_address("2001:db8::2"));
    on(NeighbourState::reachable, first_mac, *parse_address("2001:db8::3"));
    EXPECT_EQ(known_.drain_events().size(), 2U);
    on(NeighbourState::reachable, first_mac, *parse_address("2001:db8::2"));
    EXPECT_EQ(counter("neighbours_refused_total"), 2U);
    EXPECT_EQ(counter("neighbours_known"), 3U);
    // Addresses that have gone do not count.
    known_.begin_listing();
    known_.end_listing(uptime_);
    pass(policy_.gone_after);
    EXPECT_EQ(counter("neighbours_known"), 0U);
    on(NeighbourState::reachable, first_mac, *parse_address("2001:db8::4"));
    on(NeighbourState::reachable, first_mac, *parse_address("2001:db8::5"));
    EXPECT_EQ(counter("neighbours_refused_total"), 2U);
}

}  // namespace
}  // namespace octroi::neighbours
