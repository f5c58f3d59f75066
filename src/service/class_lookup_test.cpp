// SPDX-License-Identifier: GPL-3.0-or-later
#include "service/class_lookup.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <fstream>

#include "service/class_file.hpp"
#include "service/testing/temporary_ledger.hpp"

namespace octroi {
namespace {

using octroi::testing::noon;
using octroi::testing::TemporaryLedger;

class ClassLookupTest : public ::testing::Test {
protected:
    // Loads a table of this prefix list and these rules, and returns its version.
    std::string load(const std::string& list, std::vector<std::string> rules = {}) {
        const std::string file = folder_.file("classes");
        std::ofstream(file) << list;
        const auto loaded =
            read_classes({.files = {file}, .rules = std::move(rules), .default_class = "world"});
        EXPECT_TRUE(loaded.has_value()) << loaded.error().text;
        if (!loaded) return "";
        EXPECT_TRUE(ledger_->load_class_table(loaded->table, "test", noon).has_value());
        return loaded->table.version;
    }
    // "mirror by prefix 192.0.2.0/24"
    std::string answer(const char* address, ClassQuestion question = {}) {
        question.addresses = {*parse_address(address)};
        const auto found = look_up_classes(*ledger_, question);
        if (!found) return found.error().text;
        return found->at(0).class_name + " by " + found->at(0).decided_by;
    }

    const testing::Folder folder_;
    const TemporaryLedger ledger_;
};

TEST_F(ClassLookupTest, WithoutATableEverythingIsOfOneClass) {
    EXPECT_EQ(answer("192.0.2.1"), "world by default");
    EXPECT_EQ(answer("224.0.0.1"), "multicast by built in");
}

TEST_F(ClassLookupTest, SaysWhatDecides) {
    load("192.0.2.0/24 mirror\n", {"as 64500-64510 = peers", "next-hop 198.51.100.9 = transit"});
    EXPECT_EQ(answer("192.0.2.1"), "mirror by prefix 192.0.2.0/24");
    EXPECT_EQ(answer("203.0.113.1"), "world by default");
    EXPECT_EQ(answer("203.0.113.1", {.as = 64501}), "peers by as 64500-64510");
    EXPECT_EQ(answer("203.0.113.1", {.next_hop = *parse_address("198.51.100.9")}),
              "transit by next-hop 198.51.100.9");
    // AS_TRANS says nothing about the AS.
    EXPECT_EQ(answer("203.0.113.1", {.as = 23456}), "world by default");
}

TEST_F(ClassLookupTest, AnswersForAnOlderTableToo) {
    const std::string first = load("192.0.2.0/24 mirror\n");
    load("192.0.2.0/24 paid\n");
    EXPECT_EQ(answer("192.0.2.1"), "paid by prefix 192.0.2.0/24");
    EXPECT_EQ(answer("192.0.2.1", {.version = first.substr(0, 12)}),
              "mirror by prefix 192.0.2.0/24");
    EXPECT_EQ(answer("192.0.2.1", {.version = "nonsense"}),
              "there is no class table nonsense; octroi class list shows all");
}

}  // namespace
}  // namespace octroi
