// SPDX-License-Identifier: GPL-3.0-or-later
#include "view/table.hpp"

#include <gtest/gtest.h>

#include <sstream>

#include "support/golden.hpp"
#include "view/text.hpp"

namespace octroi {
namespace {

TextSink into(std::string& out) {
    return [&out](std::string_view text) -> Status {
        out += text;
        return {};
    };
}

std::string table(const Report& report, const TableOptions& options = {}) {
    std::string out;
    EXPECT_TRUE(write_table(report, options, into(out)));
    return out;
}

Report example() {
    Report report;
    report.heading = {"Usage"};
    report.columns = {{"account", "Account"},
                      {"bytes", "Bytes", ColumnKind::bytes},
                      {"packets", "Packets", ColumnKind::packets},
                      {"share", "Share", ColumnKind::bar, Audience::people, 3},
                      {"hidden", "Hidden", ColumnKind::count, Audience::machines}};
    report.rows = {{{std::string("東京支店"),
                     std::uint64_t{13'207'024'435},
                     std::uint64_t{1'234'567},
                     100.0,
                     {}}},
                   {{std::string("Zürich"), std::uint64_t{2048}, std::uint64_t{3}, 50.0, {}}, 1},
                   {{std::string("e\u0301ole"), std::uint64_t{12}, {}, 0.01, {}}, 1, Tone::dim}};
    report.totals = {absent, std::uint64_t{13'207'026'495}, std::uint64_t{1'234'570}, {}, {}};
    report.totals_label = "Total";
    report.notes = {"bytes are layer 3"};
    return report;
}

TEST(Table, AlignsWideAndNarrowCharacters) {
    support::expect_golden("view/table_wide_letters.txt", table(example()));
}

TEST(Table, UnitsAndAscii) {
    TableOptions options;
    options.units = Units::exact;
    options.unicode = false;
    Report report = example();
    report.heading.clear();
    report.notes.clear();
    support::expect_golden("view/table_exact_ascii.txt", table(report, options));
}

TEST(Table, ColoursOnlyWhenAsked) {
    TableOptions options;
    options.colour = true;
    const std::string coloured = table(example(), options);
    EXPECT_NE(coloured.find("\x1b[1mAccount"), std::string::npos);
    EXPECT_NE(coloured.find("\x1b[2m  e\u0301ole"), std::string::npos);
    EXPECT_EQ(table(example()).find('\x1b'), std::string::npos);

    EXPECT_TRUE(colour_wanted(true, nullptr, "xterm"));
    EXPECT_TRUE(colour_wanted(true, "", nullptr));
    EXPECT_FALSE(colour_wanted(true, "1", "xterm"));
    EXPECT_FALSE(colour_wanted(true, nullptr, "dumb"));
    EXPECT_FALSE(colour_wanted(false, nullptr, "xterm"));
}

TEST(Table, NeverWiderThanTheTerminal) {
    Report report = example();
    report.heading = {"a heading of many short words that has to be broken"};
    report.rows.push_back({{std::string(200, 'x'), std::uint64_t{1}, std::uint64_t{1}, 1.0, {}}});
    for (int width = 8; width <= 120; ++width) {
        TableOptions options;
        options.width = width;
        std::istringstream lines(table(report, options));
        std::string line;
        while (std::getline(lines, line)) ASSERT_LE(text_width(line), width) << line;
    }
}

TEST(Table, NarrowTerminalsDropBarsBeforeFigures) {
    Report report = example();
    report.heading.clear();
    report.notes.clear();
    TableOptions options;
    options.width = 32;
    support::expect_golden("view/table_narrow.txt", table(report, options));
}

TEST(Table, TheColumnWithTheHighestDropPriorityGoesFirst) {
    Report report;
    for (const int rank : {0, 2, 3, 1})
        report.columns.push_back({std::to_string(rank), "Column " + std::to_string(rank),
                                  ColumnKind::count, Audience::everyone, rank});
    report.rows = {{{std::uint64_t{1}, std::uint64_t{2}, std::uint64_t{3}, std::uint64_t{4}}}};
    const auto header = [&](int width) {
        TableOptions options;
        options.width = width;
        const std::string text = table(report, options);
        return text.substr(0, text.find('\n'));
    };
    EXPECT_EQ(header(38), "Column 0  Column 2  Column 3  Column 1");
    EXPECT_EQ(header(37), "Column 0  Column 2  Column 1");
    EXPECT_EQ(header(27), "Column 0  Column 1");
    EXPECT_EQ(header(17), "Column 0");
}

TEST(Table, ForeignTextCannotActOnTheTerminal) {
    Report report;
    report.columns = {{"user", "User"}, {"tags", "Tags", ColumnKind::list}};
    report.rows = {{{std::string("evil\x1b[2J\nrow"), std::vector<std::string>{"a\rb", "c"}}}};
    EXPECT_EQ(table(report), "User          Tags\nevil\uFFFD[2J\uFFFDrow  a\uFFFDb, c\n");
}

TEST(Table, EmptySaysWhatToDo) {
    Report report = example();
    report.rows.clear();
    report.when_empty = "No traffic recorded yet. Run `octroi run`.";
    EXPECT_EQ(table(report),
              "Usage\n\nNo traffic recorded yet. Run `octroi run`.\nbytes are layer 3\n");
}

TEST(Table, StreamsUseTheWidthsOfTheFirstRows) {
    const std::vector<Column> columns{{"a", "Name"}, {"b", "Count", ColumnKind::count}};
    std::string out;
    TableStream stream(columns, {}, into(out), 2);
    ASSERT_TRUE(stream.row({{std::string("one"), std::uint64_t{1}}}));
    ASSERT_TRUE(stream.row({{std::string("three"), std::uint64_t{2}}}));
    ASSERT_TRUE(stream.row({{std::string("longer name"), std::uint64_t{1'000'000}}}));
    ASSERT_TRUE(stream.finish());
    EXPECT_EQ(out, "Name   Count\none        1\nthree      2\nlong…  1,000,000\n");
}

TEST(Table, TimesAreInTheZone) {
    Report report;
    report.columns = {{"at", "At", ColumnKind::time},
                      {"for", "For", ColumnKind::duration},
                      {"on", "On"},
                      {"address", "Address"},
                      {"port", "Port", ColumnKind::number}};
    report.rows = {
        {{Moment{parse_rfc3339("2026-07-01T12:00:00Z").value(), 9}, Duration::seconds(90), true,
          parse_address("2001:db8::1").value(), std::uint64_t{65535}}}};
    TableOptions options;
    options.zone = Zone::find("Europe/Vienna").value();
    support::expect_golden("view/table_zone.txt", table(report, options));
}

TEST(Bar, IsVisibleAboveZero) {
    EXPECT_EQ(bar_text(0, 10), "");
    EXPECT_EQ(bar_text(0.0001, 10), "▏");
    EXPECT_EQ(bar_text(50, 10), "█████");
    EXPECT_EQ(bar_text(55, 10), "█████▌");
    EXPECT_EQ(bar_text(1000, 4), "████");
}

}  // namespace
}  // namespace octroi
