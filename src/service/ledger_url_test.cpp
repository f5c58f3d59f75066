// SPDX-License-Identifier: GPL-3.0-or-later
#include "service/ledger_url.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <filesystem>

#include "host/testing/folder.hpp"

namespace octroi {
namespace {

using ::testing::HasSubstr;
using ::testing::Not;

TEST(LedgerUrl, APathIsAFile) {
    const testing::Folder folder;
    for (const std::string name : {"ledger.db", "http:ledger", "2026://ledger.db"}) {
        const std::string path = folder.file(name);
        const auto ledger = open_ledger(path, {.mode = OpenMode::create});
        ASSERT_TRUE(ledger.has_value()) << ledger.error().text;
        EXPECT_TRUE((*ledger)->meters().has_value());
        EXPECT_TRUE(std::filesystem::exists(path));
    }
}

TEST(LedgerUrl, OpensForOneOwnerAtATime) {
    const testing::Folder folder;
    const LedgerOptions options{.mode = OpenMode::create, .owner = "octroi run"};
    const auto first = open_ledger(folder.file("ledger.db"), options);
    ASSERT_TRUE(first.has_value()) << first.error().text;
    const auto second = open_ledger(folder.file("ledger.db"), options);
    ASSERT_FALSE(second.has_value());
    EXPECT_EQ(second.error().code, ErrorCode::conflict);
    EXPECT_THAT(second.error().text, HasSubstr("octroi run"));
}

TEST(LedgerUrl, SaysThatAServerIsNotSupportedYet) {
    for (const std::string url : {"postgresql://db/octroi", "postgres://db/octroi"}) {
        const auto ledger = open_ledger(url, {});
        ASSERT_FALSE(ledger.has_value());
        EXPECT_EQ(ledger.error().code, ErrorCode::unsupported);
        EXPECT_THAT(ledger.error().text, HasSubstr(url + ": this version keeps"));
    }
}

TEST(LedgerUrl, ShowsNoPassword) {
    EXPECT_EQ(without_passwords("postgresql://u:secret@h:5432/db"), "postgresql://u:***@h:5432/db");
    EXPECT_EQ(without_passwords("postgresql://u:se@cr:et@h/db"), "postgresql://u:***@h/db");
    EXPECT_EQ(without_passwords("postgresql://u:p#a?s@h/db"), "postgresql://u:***@h/db");
    EXPECT_EQ(without_passwords("postgresql:///db?user=u&password=secret&port=1"),
              "postgresql:///db?user=u&password=***&port=1");
    EXPECT_EQ(without_passwords("\"a://b:c@d\" → \"e://f:g@h\""),
              "\"a://b:***@d\" → \"e://f:***@h\"");
    for (const std::string plain : {"/var/lib/octroi/ledger.db", "postgresql://u@h:1/db", "a:b@c",
                                    "postgresql://h:1/a@b", "://", ""})
        EXPECT_EQ(without_passwords(plain), plain);
    for (const std::string url : {"postgresql://u:secret@h/db", "mysql://u:secret@h/db"})
        EXPECT_THAT(open_ledger(url, {}).error().text, Not(HasSubstr("secret")));
}

TEST(LedgerUrl, RefusesAStoreThatNobodyKnows) {
    const auto ledger = open_ledger("mysql://db/octroi", {.mode = OpenMode::create});
    ASSERT_FALSE(ledger.has_value());
    EXPECT_EQ(ledger.error().code, ErrorCode::invalid);
    EXPECT_THAT(ledger.error().text, HasSubstr("'mysql'"));
}

}  // namespace
}  // namespace octroi
