// SPDX-License-Identifier: GPL-3.0-or-later
#include "attribute/reattribution.hpp"

#include <gtest/gtest.h>

#include "record/identity.hpp"

namespace octroi {
namespace {

constexpr UtcTime test_bucket = UtcTime::from_seconds(1'793'491'200);  // 2026-11-01T00:00:00Z

Binding bound(const std::string& identity, const std::string& account, Interval valid = {}) {
    static std::uint64_t ids = 0;
    return {++ids, *parse_identity(identity), account, valid, false};
}

Party unattributed(const std::string& identity) { return {PartyKind::unattributed, "", identity}; }

// One version of the directory then, one now, and one class.
class Rebooked {
public:
    Rebooked(const Directory& before, const Directory& now, bool assumed_networks = false,
             const std::vector<IdentityEvent>& known = {},
             const std::vector<IdentityEvent>& late = {}) {
        Reattribution::Tables tables;
        tables.directory = now;
        tables.classes.default_class = "world";
        PastTablesOfVersion then = PastTablesOfVersion::of(before);
        then.sessions = with(nullptr, known);
        tables.sessions = with(then.sessions, late);
        reattribution_ = *Reattribution::create(std::move(tables), 1);
        directory_ = std::make_unique<PastDirectory>(std::move(then), reattribution_->bindings(),
                                                     now.networks);
        past_ = {.directory = directory_.get(), .assumed_networks = assumed_networks};
    }
    [[nodiscard]] Reattribution::End end(const Party& before) {
        return reattribution_->end(before, test_bucket, past_);
    }

private:
    static SessionsPtr with(const SessionsPtr& before, const std::vector<IdentityEvent>& events) {
        std::vector<SessionInput> inputs;
        std::uint64_t number = before ? before->number() : 0;
        for (const IdentityEvent& event : events) inputs.push_back({++number, "radius", event});
        return SessionTable::with(before, inputs);
    }

    std::unique_ptr<Reattribution> reattribution_;
    std::unique_ptr<PastDirectory> directory_;
    Reattribution::Past past_;
};

IdentityEvent held_by(const std::string& held, const std::string& holder, UtcTime at) {
    return {at, *parse_identity(held), *parse_identity(holder)};
}

Directory directory_of(std::vector<Binding> bindings, std::vector<LocalNetwork> networks) {
    Directory directory;
    directory.bindings = std::move(bindings);
    directory.networks = std::move(networks);
    return directory;
}

TEST(Reattribution, AnEndStaysThatWasLocalByANetworkTheLedgerDoesNotHold) {
    const Directory same = directory_of({}, {{"10.0.0.0/8", true}});
    Rebooked rebooked(same, same);
    for (const char* identity : {"198.51.100.7", "198.51.100.0/26"}) {
        const auto end = rebooked.end(unattributed(identity));
        EXPECT_EQ(end.party, unattributed(identity));
        ASSERT_TRUE(end.doubt) << identity;
        EXPECT_EQ(end.doubt->kind, DoubtKind::networks_unknown);
    }
    EXPECT_EQ(rebooked.end(unattributed("198.51.100.7")).doubt->subject, "198.51.100.0/24");
    EXPECT_FALSE(rebooked.end(unattributed("10.1.2.3")).doubt);
    const Party account{PartyKind::account, "alice", "198.51.100.7"};
    EXPECT_EQ(rebooked.end(account).party, account);
    EXPECT_TRUE(rebooked.end(account).doubt) << "no binding of then gives it";
}

TEST(Reattribution, AnEndMovesOutsideWithTheNetworkThatTheLedgerHolds) {
    Rebooked rebooked(directory_of({}, {{"10.0.0.0/8", true}, {"198.51.100.0/24", true}}),
                      directory_of({}, {{"10.0.0.0/8", true}}));
    const auto end = rebooked.end(unattributed("198.51.100.7"));
    EXPECT_FALSE(end.doubt);
    EXPECT_EQ(end.party, (Party{PartyKind::outside, "world", ""}));
}

TEST(Reattribution, ABindingOfNowDecidesWhateverNetworkWasLocal) {
    Rebooked rebooked(directory_of({}, {{"10.0.0.0/8", true}}),
                      directory_of({bound("198.51.100.7", "alice")}, {{"10.0.0.0/8", true}}));
    const auto end = rebooked.end(unattributed("198.51.100.7"));
    EXPECT_FALSE(end.doubt);
    EXPECT_EQ(end.party, (Party{PartyKind::account, "alice", "198.51.100.7"}));
}

// The end is the near one if its network counts, and then the binding of the VLAN may decide.
TEST(Reattribution, ALinkMayDecideWhereTheNetworksOfThenAreUnknown) {
    const Directory same = directory_of({bound("vlan 12", "lab")}, {{"10.0.0.0/8", true}});
    Rebooked rebooked(same, same);
    EXPECT_FALSE(rebooked.end(unattributed("10.1.2.3")).doubt);
    const auto end = rebooked.end(unattributed("198.51.100.7"));
    ASSERT_TRUE(end.doubt);
    EXPECT_EQ(*end.doubt, (Doubt{DoubtKind::networks, "vlan 12"}));
}

TEST(Reattribution, AnEndThatWasLocalStaysWhereNobodyDeclaredNetworks) {
    const Directory same = directory_of({}, {{"10.0.0.0/8", true}});
    Rebooked rebooked(same, same, true);
    const auto end = rebooked.end(unattributed("198.51.100.7"));
    EXPECT_FALSE(end.doubt);
    EXPECT_EQ(end.party, unattributed("198.51.100.7"));
}

constexpr UtcTime hour_before = test_bucket - Duration::hours(1);

TEST(Reattribution, ALateSessionMovesTheRowsOfItsAddress) {
    const Directory directory =
        directory_of({bound("user alice", "alice")}, {{"10.0.0.0/8", true}});
    Rebooked rebooked(directory, directory, false, {},
                      {held_by("10.1.2.3", "user alice", hour_before)});
    const auto end = rebooked.end(unattributed("10.1.2.3"));
    EXPECT_EQ(end.party, (Party{PartyKind::account, "alice", "10.1.2.3"}));
    EXPECT_FALSE(end.doubt);
    EXPECT_EQ(rebooked.end(unattributed("10.1.2.4")).party, unattributed("10.1.2.4"));
}

TEST(Reattribution, ALateHolderOfAMacMovesTheRowsOfItsAddresses) {
    const Directory directory =
        directory_of({bound("user alice", "alice")}, {{"10.0.0.0/8", true}});
    Rebooked rebooked(directory, directory, false,
                      {held_by("10.1.2.3", "mac 02:00:00:00:00:01", hour_before)},
                      {held_by("mac 02:00:00:00:00:01", "user alice", hour_before)});
    const auto end = rebooked.end(unattributed("10.1.2.3"));
    EXPECT_EQ(end.party, (Party{PartyKind::account, "alice", "10.1.2.3"}));
    EXPECT_FALSE(end.doubt);
}

TEST(Reattribution, AChangeWithinTheBucketIsADoubtOnlyIfItWasNotKnown) {
    const Directory directory = directory_of(
        {bound("user alice", "alice"), bound("user bob", "bob")}, {{"10.0.0.0/8", true}});
    const auto first = held_by("10.1.2.3", "user alice", hour_before);
    const auto second = held_by("10.1.2.3", "user bob", test_bucket + Duration::seconds(3));
    const Party alice{PartyKind::account, "alice", "10.1.2.3"};
    Rebooked late(directory, directory, false, {first}, {second});
    const auto end = late.end(alice);
    EXPECT_EQ(end.party, alice);
    ASSERT_TRUE(end.doubt);
    EXPECT_EQ(end.doubt->kind, DoubtKind::within);
    Rebooked in_time(directory, directory, false, {first, second});
    const auto known = in_time.end(alice);
    EXPECT_EQ(known.party, alice);
    EXPECT_FALSE(known.doubt);
}

TEST(Reattribution, ASessionWithinACoarseNetworkIsADoubtOnlyIfItWasNotKnown) {
    const Directory directory = directory_of(
        {bound("user alice", "alice"), bound("10.1.0.0/16", "college")}, {{"10.0.0.0/8", false}});
    const Party college{PartyKind::account, "college", "10.1.0.0/16"};
    const auto session = held_by("10.1.2.3", "user alice", hour_before);
    Rebooked late(directory, directory, false, {}, {session});
    const auto end = late.end(college);
    EXPECT_EQ(end.party, college);
    ASSERT_TRUE(end.doubt);
    EXPECT_EQ(end.doubt->kind, DoubtKind::finer);
    Rebooked in_time(directory, directory, false, {session});
    EXPECT_FALSE(in_time.end(college).doubt);
}

}  // namespace
}  // namespace octroi
