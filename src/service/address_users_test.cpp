// SPDX-License-Identifier: GPL-3.0-or-later
#include "service/address_users.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "service/testing/temporary_ledger.hpp"

namespace octroi {
namespace {

using octroi::testing::noon;
using octroi::testing::TemporaryLedger;
using ::testing::ElementsAre;
using ::testing::IsEmpty;

const Address outside = *parse_address("203.0.113.5");

class AddressUsersTest : public ::testing::Test {
protected:
    AddressUsersTest() {
        ledger_.bind("10.0.0.1", "alice");
        const Interval hour{noon, noon + Duration::hours(1)};
        ledger_.commit({{PartyKind::account, "alice", "10.0.0.1"}, {PartyKind::outside, "world"}},
                       noon, 100,
                       {translation("10.0.0.1", 40000, hour), translation("10.0.0.2", 50000, hour),
                        translation("192.0.2.7", 60000, hour)});
    }
    static Translation translation(const char* inside, std::uint16_t port, Interval valid) {
        Translation t;
        t.outside = outside;
        t.protocol = 6;
        t.first_port = t.last_port = port;
        t.inside = *parse_address(inside);
        t.valid = valid;
        return t;
    }
    // "10.0.0.1 alice 10.0.0.1" for each.
    std::vector<std::string> users(const char* end, UtcTime at = noon + Duration::minutes(5)) {
        const auto found = find_address_users(*ledger_, config_, *parse_outside_end(end), at);
        EXPECT_TRUE(found.has_value()) << found.error().text;
        std::vector<std::string> texts;
        if (!found) return texts;
        for (const AddressUser& user : *found) {
            const Address& inside = user.translation.inside;
            texts.push_back((inside == Address{} ? "-" : to_string(inside)) + " " +
                            to_string(user.party) + " " + user.party.identity);
        }
        return texts;
    }

    Config config_;
    TemporaryLedger ledger_;
};

TEST_F(AddressUsersTest, AreThoseBehindATranslation) {
    EXPECT_THAT(users("203.0.113.5:40000/tcp"), ElementsAre("10.0.0.1 alice 10.0.0.1"));
    EXPECT_THAT(users("203.0.113.5:41000/tcp"), IsEmpty());
    EXPECT_THAT(users("203.0.113.5:40000/tcp", noon - Duration::hours(1)), IsEmpty());
}

TEST_F(AddressUsersTest, AreUnattributedInALocalNetworkAndElseOutside) {
    EXPECT_THAT(users("203.0.113.5:50000"), ElementsAre("10.0.0.2  "));
    ledger_.declare_local("10.0.0.0/8");
    EXPECT_THAT(users("203.0.113.5:50000"), ElementsAre("10.0.0.2 @unattributed 10.0.0.2"));
    EXPECT_THAT(users("203.0.113.5:60000"), ElementsAre("192.0.2.7  "));
    config_.attribute.local = {*parse_prefix("192.0.2.0/24")};
    EXPECT_THAT(users("203.0.113.5:60000"), ElementsAre("192.0.2.7 @unattributed 192.0.2.7"));
}

TEST_F(AddressUsersTest, AreTheAccountOfAnAddressThatIsNotTranslated) {
    EXPECT_THAT(users("10.0.0.1"), ElementsAre("- alice 10.0.0.1"));
    EXPECT_THAT(users("192.0.2.7"), IsEmpty());
}

TEST_F(AddressUsersTest, AreFoundByTheMacOfTheirHost) {
    ledger_.bind("mac 00:30:ca:b8:d9:bc", "chem");
    const auto mac_of = [](const Address& address) -> std::optional<Mac> {
        if (address == *parse_address("10.0.0.9")) return *parse_mac("00:30:ca:b8:d9:bc");
        return std::nullopt;
    };
    const UtcTime at = noon + Duration::minutes(5);
    const auto of = [&](const char* end) {
        return find_address_users(*ledger_, config_, *parse_outside_end(end), at, mac_of).value();
    };
    ASSERT_EQ(of("10.0.0.9").size(), 1U);
    EXPECT_EQ(of("10.0.0.9")[0].party.name, "chem");
    EXPECT_THAT(of("10.0.0.8"), IsEmpty());
    const auto users = find_identity_users(*ledger_, *parse_identity("mac 0:30:ca:b8:d9:bc"), at);
    ASSERT_TRUE(users);
    ASSERT_EQ(users->size(), 1U);
    EXPECT_EQ((*users)[0].party.name, "chem");
    EXPECT_THAT(find_identity_users(*ledger_, *parse_identity("mac 0:0:0:0:0:1"), at).value(),
                IsEmpty());
}

}  // namespace
}  // namespace octroi
