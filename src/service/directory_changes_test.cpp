// SPDX-License-Identifier: GPL-3.0-or-later
#include "service/directory_changes.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "service/testing/temporary_ledger.hpp"

namespace octroi {
namespace {

using octroi::testing::noon;
using octroi::testing::TemporaryLedger;
using ::testing::HasSubstr;
using ::testing::SizeIs;

const Account physics{"physics", "", "Physics"};

class DirectoryChangesTest : public ::testing::Test {
protected:
    [[nodiscard]] Directory directory() const { return ledger_->directory().value_or(Directory{}); }
    [[nodiscard]] std::vector<Interval> bindings_of(const std::string& account) const {
        std::vector<Interval> found;
        for (const Binding& binding : directory().bindings)
            if (binding.account == account) found.push_back(binding.valid);
        return found;
    }
    const TemporaryLedger ledger_;
};

TEST_F(DirectoryChangesTest, AnAccountIsAddedOnce) {
    EXPECT_EQ(add_account(*ledger_, physics, noon).value_or(false), true);
    EXPECT_EQ(add_account(*ledger_, physics, noon).value_or(true), false);
    const auto other = add_account(*ledger_, {"physics", "", "Other"}, noon);
    ASSERT_FALSE(other.has_value());
    EXPECT_EQ(other.error().code, ErrorCode::exists);
    EXPECT_EQ(directory().accounts.at(0), physics);
}

TEST_F(DirectoryChangesTest, WhatIsAbsentInAChangeStays) {
    EXPECT_TRUE(add_account(*ledger_, {"science", "", ""}, noon).has_value());
    EXPECT_TRUE(add_account(*ledger_, physics, noon).has_value());
    EXPECT_TRUE(change_account(*ledger_, {.name = "physics", .parent = "science"}, noon));
    EXPECT_EQ(*find_account(directory(), "physics"), (Account{"physics", "science", "Physics"}));
    EXPECT_TRUE(change_account(*ledger_, {.name = "physics", .parent = "", .title = "P"}, noon));
    EXPECT_EQ(*find_account(directory(), "physics"), (Account{"physics", "", "P"}));
    EXPECT_TRUE(change_account(*ledger_, {.name = "physics", .email = "p@example.org"}, noon));
    EXPECT_TRUE(change_account(*ledger_, {.name = "physics", .title = "Q"}, noon));
    EXPECT_EQ(*find_account(directory(), "physics"),
              (Account{"physics", "", "Q", "p@example.org"}));
    EXPECT_EQ(change_account(*ledger_, {.name = "art", .title = "A"}, noon).error().code,
              ErrorCode::not_found);
}

TEST_F(DirectoryChangesTest, BindingsEndForOneAccountOrForAll) {
    const UtcTime later = noon + Duration::hours(1);
    ledger_.bind("10.0.0.0/8", "physics");
    ledger_.bind("10.0.0.0/8", "art");
    const Identity identity = *parse_identity("10.0.0.0/8");
    EXPECT_TRUE(end_bindings(*ledger_, identity, "physics", later, noon).has_value());
    EXPECT_EQ(bindings_of("physics").at(0).end, later);
    EXPECT_EQ(bindings_of("art").at(0).end, UtcTime::max());
    EXPECT_TRUE(end_bindings(*ledger_, identity, "", noon, noon).has_value());
    EXPECT_EQ(bindings_of("art").at(0).end, noon);
    const Status again = end_bindings(*ledger_, identity, "", later, noon);
    ASSERT_FALSE(again.has_value());
    EXPECT_EQ(again.error().code, ErrorCode::not_found);
    EXPECT_THAT(again.error().text, HasSubstr("no account is bound to 10.0.0.0/8"));
}

TEST_F(DirectoryChangesTest, AnIdentityOfAnotherIsBoundOnlyIfThatIsAskedFor) {
    ledger_.bind("10.1.0.0/16", "physics", {noon - Duration::hours(24), UtcTime::max()});
    EXPECT_TRUE(add_account(*ledger_, {"chem", "", ""}, noon));
    const DesiredBinding wanted{.identity = *parse_identity("10.1.0.0/16"), .account = "chem"};
    const auto refused = bind_identity(*ledger_, wanted, false, noon);
    ASSERT_FALSE(refused);
    EXPECT_EQ(refused.error().code, ErrorCode::conflict);
    EXPECT_THAT(refused.error().text,
                HasSubstr("10.1.0.0/16 is bound to physics since 2023-11-14T12:00:00Z; next: "
                          "--replace binds it to chem from now on"));
    EXPECT_THAT(bindings_of("chem"), SizeIs(0));
    const auto replaced = bind_identity(*ledger_, wanted, true, noon);
    ASSERT_TRUE(replaced) << replaced.error().text;
    EXPECT_THAT(*replaced, SizeIs(2));
    // The past stays with the account that had it.
    EXPECT_EQ(bindings_of("physics").at(0), (Interval{noon - Duration::hours(24), noon}));
    EXPECT_EQ(bindings_of("chem").at(0), (Interval{noon, UtcTime::max()}));
    // Again is no change, and its own account needs no --replace.
    EXPECT_THAT(bind_identity(*ledger_, wanted, true, noon + Duration::hours(1)).value(),
                SizeIs(0));
    DesiredBinding since_now = wanted;
    since_now.from = noon;
    EXPECT_THAT(bind_identity(*ledger_, since_now, false, noon).value(), SizeIs(0));
}

TEST_F(DirectoryChangesTest, ABindingThatIsOverNeedsAnExplicitBegin) {
    ledger_.bind("10.1.0.0/16", "physics", {UtcTime::min(), noon - Duration::hours(1)});
    EXPECT_TRUE(add_account(*ledger_, {"chem", "", ""}, noon));
    DesiredBinding wanted{.identity = *parse_identity("10.1.0.0/16"), .account = "chem"};
    const auto refused = bind_identity(*ledger_, wanted, false, noon);
    ASSERT_FALSE(refused);
    EXPECT_THAT(refused.error().text, HasSubstr("was bound to physics since ever until"));
    wanted.from = noon - Duration::hours(1);
    EXPECT_THAT(bind_identity(*ledger_, wanted, false, noon).value(), SizeIs(1));
}

}  // namespace
}  // namespace octroi
