// SPDX-License-Identifier: GPL-3.0-or-later
#include "service/directory_changes.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <fstream>

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

TEST_F(DirectoryChangesTest, DeclarationsOfSeveralFilesAreOneChange) {
    const testing::Folder folder;
    std::ofstream(folder.file("a.toml")) << "[[account]]\nname = \"physics\"\n"
                                            "[[network]]\nprefix = \"10.0.0.0/8\"\n";
    std::ofstream(folder.file("b.csv")) << "identity,account\nmac 0:30:ca:b8:d9:bc,physics\n";
    const auto wanted = read_declarations({folder.file("a.toml"), folder.file("b.csv")});
    ASSERT_TRUE(wanted.has_value()) << wanted.error().text;
    EXPECT_THAT(wanted->accounts, SizeIs(1));
    EXPECT_EQ(wanted->networks.at(0).prefix, "10.0.0.0/8");
    EXPECT_EQ(wanted->bindings.at(0).identity.value, "00:30:ca:b8:d9:bc");
}

TEST_F(DirectoryChangesTest, ADeclarationThatIsWrongIsNamedWithItsLine) {
    const testing::Folder folder;
    std::ofstream(folder.file("b.csv")) << "identity,account\n10.0.0.0/8,x\n10.0.0.0/99,x\n";
    const auto wanted = read_declarations({folder.file("b.csv")});
    ASSERT_FALSE(wanted.has_value());
    EXPECT_THAT(wanted.error().text, HasSubstr("b.csv:3: "));
}

}  // namespace
}  // namespace octroi
