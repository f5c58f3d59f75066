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
    Rebooked(const Directory& before, const Directory& now, bool assumed_networks = false)
        : index_(index_bindings(now.bindings)),
          directory_(before, index_, now.networks),
          past_{.directory = &directory_, .assumed_networks = assumed_networks} {
        Reattribution::Tables tables;
        tables.directory = now;
        tables.classes.default_class = "world";
        reattribution_ = *Reattribution::create(std::move(tables), 1);
    }
    [[nodiscard]] Reattribution::End end(const Party& before) {
        return reattribution_->end(before, test_bucket, past_);
    }

private:
    BindingIndex index_;
    PastDirectory directory_;
    Reattribution::Past past_;
    std::unique_ptr<Reattribution> reattribution_;
};

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

}  // namespace
}  // namespace octroi
