// SPDX-License-Identifier: GPL-3.0-or-later
#include "view/server_gap_view.hpp"

#include <gtest/gtest.h>

namespace octroi {
namespace {

ServerGapRow gap_of(std::uint64_t carried, std::uint64_t logged) {
    ServerGapRow row{.log = "apache", .meter = "eth"};
    row.carried.bytes = Bytes{carried};
    row.logged = logged;
    row.gap = static_cast<std::int64_t>(carried) - static_cast<std::int64_t>(logged);
    return row;
}

TEST(ServerGapView, SaysThatALogIsALowerBound) {
    const Report report = server_gap_report({gap_of(1000, 900)}, true);
    ASSERT_EQ(report.rows.size(), 1U);
    EXPECT_EQ(report.rows[0].cells.size(), report.columns.size());
    EXPECT_EQ(report.rows[0].cells.back(), Cell{std::string("90.0")});
    EXPECT_EQ(report.rows[0].tone, Tone::plain);
    ASSERT_EQ(report.notes.size(), 1U);
    EXPECT_NE(report.notes[0].find("lower bound"), std::string::npos);
}

TEST(ServerGapView, WarnsOfALogWithMoreThanThePackets) {
    const Report report = server_gap_report({gap_of(1000, 900), gap_of(0, 5)}, true);
    ASSERT_EQ(report.rows.size(), 2U);
    EXPECT_EQ(report.rows[1].tone, Tone::warn);
    EXPECT_EQ(report.notes.size(), 2U);
}

TEST(ServerGapView, SaysWhatToConfigure) {
    EXPECT_NE(server_gap_report({}, false).when_empty.find("addresses ="), std::string::npos);
    EXPECT_EQ(server_gap_report({}, true).when_empty.find("addresses ="), std::string::npos);
}

TEST(GapShareView, MarksEachRowAsAnApproximation) {
    const GapShare named{.begin = {},
                         .log = "web",
                         .meter = "eth",
                         .party = {PartyKind::account, "shop", "domain a.example"},
                         .logged = 70,
                         .spread = 7};
    GapShare nobody = named;
    nobody.party = {};
    const Report report = gap_share_report({named, nobody}, true);
    ASSERT_EQ(report.rows.size(), 2U);
    for (const Row& row : report.rows) {
        ASSERT_EQ(row.cells.size(), report.columns.size());
        EXPECT_EQ(row.cells.back(), Cell{true});
    }
    EXPECT_EQ(report.rows[0].cells[4], Cell{std::string("shop")});
    EXPECT_EQ(report.rows[0].cells[7], Cell{std::uint64_t{77}});
    EXPECT_EQ(report.rows[1].cells[4], Cell{});
    ASSERT_EQ(report.notes.size(), 1U);
    EXPECT_NE(report.notes[0].find("An approximation"), std::string::npos);
    EXPECT_NE(gap_share_report({}, false).when_empty.find("addresses ="), std::string::npos);
}

}  // namespace
}  // namespace octroi
