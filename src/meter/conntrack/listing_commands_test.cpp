// SPDX-License-Identifier: GPL-3.0-or-later
#include "meter/conntrack/listing_commands.hpp"

#include <gtest/gtest.h>

#include <algorithm>
#include <fstream>

#include "host/testing/folder.hpp"

namespace octroi::conntrack {
namespace {

class Rows final : public InspectSink {
public:
    Status row(std::vector<Cell>& cells) override {
        std::vector<std::string> texts;
        for (const Cell& cell : cells) texts.push_back(text_of(cell));
        all.push_back(std::move(texts));
        cells.clear();  // a sink may take them
        return {};
    }
    Status line(std::string_view /*text*/) override { return {}; }
    Status facts(const std::string& /*file*/, std::span<const Fact> /*facts*/) override {
        return {};
    }
    [[nodiscard]] std::string at(std::size_t row, std::string_view key) const {
        const auto columns = listing_columns({});
        const auto column = std::ranges::find(columns, key, &Column::key);
        return all.at(row).at(static_cast<std::size_t>(column - columns.begin()));
    }
    std::vector<std::vector<std::string>> all;

private:
    static std::string text_of(const Cell& cell) {
        if (const auto* number = std::get_if<std::uint64_t>(&cell)) return std::to_string(*number);
        if (const auto* text = std::get_if<std::string_view>(&cell)) return std::string(*text);
        if (const auto* address = std::get_if<Address>(&cell)) return to_string(*address);
        if (const auto* moment = std::get_if<Moment>(&cell))
            return to_rfc3339(moment->at, moment->digits);
        return "";
    }
};

constexpr std::string_view destroy =
    "[1796017861.010685]\t[DESTROY] tcp      6 src=10.0.0.1 dst=192.0.2.9 sport=40 dport=443 "
    "packets=3 bytes=252 src=192.0.2.9 dst=198.51.100.1 sport=443 dport=50 packets=1 bytes=84 "
    "[ASSURED] delta-time=7 id=9";

class InspectConntrack : public ::testing::Test {
protected:
    Result<std::string> inspect(const std::string& content) {
        const std::string path = folder_.file("listing.txt");
        std::ofstream(path) << content;
        const OptionValues none;
        return inspect_listing({.path = path, .options = none}, rows_);
    }
    const octroi::testing::Folder folder_;
    Rows rows_;
};

TEST_F(InspectConntrack, GivesARowForEachDirectionWithTheAddressesBehindNat) {
    const auto defect = inspect(std::string(destroy) + "\nconntrack v1.4.7: 1 flow entries\n");
    ASSERT_TRUE(defect.has_value()) << defect.error().text;
    EXPECT_EQ(*defect, "");
    ASSERT_EQ(rows_.all.size(), 2U);
    EXPECT_EQ(rows_.at(0, "src"), "10.0.0.1");
    EXPECT_EQ(rows_.at(0, "nat_src"), "198.51.100.1");
    EXPECT_EQ(rows_.at(0, "nat_sport"), "50");
    EXPECT_EQ(rows_.at(0, "nat_dst"), "");
    EXPECT_EQ(rows_.at(0, "bytes"), "252");
    EXPECT_EQ(rows_.at(0, "first"), "2026-11-30T05:50:54Z");
    EXPECT_EQ(rows_.at(0, "last"), "2026-11-30T05:51:01.010685Z");
    EXPECT_EQ(rows_.at(1, "direction"), "reply");
    EXPECT_EQ(rows_.at(1, "nat_dst"), "10.0.0.1");
    EXPECT_EQ(rows_.at(1, "packets"), "1");
}

TEST_F(InspectConntrack, ReportsOtherLinesAndGoesOn) {
    const std::string content = "noise\n" + std::string(100'000, 'x') + "\n" +
                                std::string(destroy) + "\n" + std::string(destroy);
    const auto defect = inspect(content);
    ASSERT_TRUE(defect.has_value()) << defect.error().text;
    EXPECT_NE(defect->find("connections: 2; the first one is line 1"), std::string::npos)
        << *defect;
    EXPECT_EQ(rows_.all.size(), 4U) << "the last line has no end";
}

TEST_F(InspectConntrack, RefusesAFileOfAnotherSort) {
    const auto defect = inspect("hello\n");
    ASSERT_FALSE(defect.has_value());
    EXPECT_EQ(defect.error().code, ErrorCode::corrupt);
    EXPECT_TRUE(inspect("").has_value()) << "nothing is tracked";
}

}  // namespace
}  // namespace octroi::conntrack
