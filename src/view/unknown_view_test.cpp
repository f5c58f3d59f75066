// SPDX-License-Identifier: GPL-3.0-or-later
#include "view/unknown_view.hpp"

#include <gtest/gtest.h>

namespace octroi {
namespace {

UsageRow row_of(const std::string& identity, std::uint64_t received, std::uint64_t sent) {
    UsageRow row;
    row.identity = identity;
    row.meter = "web";
    row.received.bytes = Bytes{received};
    row.sent.bytes = Bytes{sent};
    row.total.bytes = Bytes{received + sent};
    return row;
}

TEST(UnknownView, ShowsEachEndWithItsCommand) {
    Usage usage;
    usage.blocks.push_back({.layer = Layer::application,
                            .rows = {row_of("domain shop.example", 10, 5), row_of("", 1, 0)},
                            .left_out = 3});
    const Report report = unknown_report(usage);
    ASSERT_EQ(report.rows.size(), 2U);
    const auto& cells = report.rows[0].cells;
    ASSERT_EQ(cells.size(), report.columns.size());
    EXPECT_EQ(cells[0], Cell{std::string("domain shop.example")});
    EXPECT_EQ(cells[2], Cell{std::string("application")});
    EXPECT_EQ(cells[5], Cell{std::uint64_t{15}});
    EXPECT_EQ(cells[6], Cell{std::string("octroi bind domain shop.example ACCOUNT")});
    // There is nothing that could be bound.
    EXPECT_EQ(report.rows[1].cells[6], Cell{absent});
    ASSERT_EQ(report.notes.size(), 3U);
    EXPECT_NE(report.notes[0].find("3 more"), std::string::npos);
}

TEST(UnknownView, HasNoNotesWithoutRows) {
    const Report report = unknown_report({});
    EXPECT_TRUE(report.rows.empty());
    EXPECT_TRUE(report.notes.empty());
    EXPECT_FALSE(report.when_empty.empty());
}

// A forged name must not become another command when somebody pastes the line.
TEST(UnknownView, QuotesNamesForTheShell) {
    EXPECT_EQ(binding_command("10.1.2.3"), "octroi bind 10.1.2.3 ACCOUNT");
    EXPECT_EQ(binding_command("mac 00:30:ca:b8:d9:bc"),
              "octroi bind mac 00:30:ca:b8:d9:bc ACCOUNT");
    EXPECT_EQ(binding_command("user a;rm -rf $HOME"), "octroi bind user 'a;rm -rf $HOME' ACCOUNT");
    EXPECT_EQ(binding_command("user it's"), "octroi bind user 'it'\\''s' ACCOUNT");
}

}  // namespace
}  // namespace octroi
