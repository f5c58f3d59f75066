// SPDX-License-Identifier: GPL-3.0-or-later
#include "meter/log/inspect.hpp"

#include <gtest/gtest.h>

#include <algorithm>
#include <fstream>

#include "config/value.hpp"
#include "host/testing/folder.hpp"

namespace octroi::logs {
namespace {

// The cells of each row that a test asks for.
class RowSink final : public InspectSink {
public:
    Status row(std::vector<Cell>& cells) override {
        std::vector<Cell> kept;
        for (const Cell& cell : cells) {
            const auto* const text = std::get_if<std::string_view>(&cell);
            kept.push_back(text != nullptr ? Cell{std::string(*text)} : cell);
        }
        rows.push_back(std::move(kept));
        return {};
    }
    Status line(std::string_view text) override {
        lines.emplace_back(text);
        return {};
    }
    Status facts(const std::string& /*file*/, std::span<const Fact> /*facts*/) override {
        return {};
    }
    std::vector<std::vector<Cell>> rows;
    std::vector<std::string> lines;
};

class InspectLog : public ::testing::Test {
protected:
    Result<std::string> inspect(const std::string& content) {
        const std::string path = folder_.file("log");
        std::ofstream(path, std::ios::binary) << content;
        columns_ = inspect_columns(options_);
        return logs::inspect({.path = path, .options = options_}, sink_);
    }
    [[nodiscard]] const Cell& at(std::size_t row, std::string_view key) const {
        const auto column = std::ranges::find(columns_, key, &Column::key);
        return sink_.rows.at(row).at(static_cast<std::size_t>(column - columns_.begin()));
    }
    const octroi::testing::Folder folder_;
    OptionValues options_ = default_values(inspect_options);
    std::vector<Column> columns_;
    RowSink sink_;
};

constexpr std::string_view web_line =
    "192.0.2.1 - ann [29/May/2017:19:02:48 +0200] \"GET / HTTP/1.1\" 200 612\n";

TEST_F(InspectLog, GivesARowForALineThatReportsTraffic) {
    EXPECT_EQ(inspect("noise\n" + std::string(web_line)).value(), "");
    ASSERT_EQ(sink_.rows.size(), 1U);
    EXPECT_EQ(at(0, "line"), Cell{std::uint64_t{2}});
    EXPECT_EQ(at(0, "time"), (Cell{Moment{parse_rfc3339("2017-05-29T17:02:48Z").value(), 0}}));
    EXPECT_EQ(at(0, "peer"), Cell{parse_address("192.0.2.1").value()});
    EXPECT_EQ(at(0, "user"), Cell{std::string("ann")});
    EXPECT_EQ(at(0, "bytes_out"), Cell{std::uint64_t{612}});
    EXPECT_EQ(at(0, "bytes_in"), Cell{});
    EXPECT_EQ(at(0, "status"), Cell{std::string("200")});
    EXPECT_EQ(at(0, "layer"), Cell{std::uint64_t{7}});
}

TEST_F(InspectLog, PrintsTheOtherLinesWithBad) {
    options_.set("bad", true);
    EXPECT_EQ(
        inspect(std::string(web_line) + "noise\n\n" + std::string(300'000, 'x') + "\nend").value(),
        "");
    ASSERT_EQ(sink_.rows.size(), 3U);
    EXPECT_EQ(at(0, "line"), Cell{std::uint64_t{2}});
    EXPECT_EQ(at(0, "reason"), Cell{std::string("no line of this format")});
    EXPECT_EQ(at(0, "text"), Cell{std::string("noise")});
    EXPECT_EQ(at(1, "reason"), Cell{std::string("the line is too long")});
    EXPECT_EQ(at(2, "text"), Cell{std::string("end")});
}

TEST_F(InspectLog, ReadsAFormatThatTheUserDescribes) {
    options_.set("log_format", std::string("%v %t %O"));
    EXPECT_EQ(inspect("a.example [29/May/2017:19:02:48 +0000] 9\n").value(), "");
    EXPECT_EQ(at(0, "domain"), Cell{std::string("a.example")});
    options_.set("nginx_format", std::string("$host"));
    const auto result = inspect("");
    ASSERT_FALSE(result.has_value());
    EXPECT_EQ(result.error().code, ErrorCode::invalid);
}

TEST_F(InspectLog, ResolvesTimesWithTheZoneAndYearOfItsOptions) {
    options_.set("format", std::string("vsftpd"));
    options_.set("timezone", std::string("Europe/Vienna"));
    const std::string line =
        "Jun  6 18:43:59 h vsftpd[3]: [ann] OK UPLOAD: Client \"192.0.2.9\", \"/f\", 5 bytes, "
        "1.00Kbyte/sec\n";
    options_.set("year", std::int64_t{2016});
    EXPECT_EQ(inspect(line).value(), "");
    EXPECT_EQ(at(0, "time"), (Cell{Moment{parse_rfc3339("2016-06-06T16:43:59Z").value(), 0}}));
    options_.set("timezone", std::string("Nowhere/Town"));
    EXPECT_FALSE(inspect(line).has_value());
}

// A line that is read and written again has the same octets.
TEST_F(InspectLog, WritesTheLinesOfTrafficWatch) {
    options_.set("format", std::string("trafficwatch"));
    options_.set("write", std::string("trafficwatch"));
    const std::vector<std::string> lines{
        "1026864600 alice 0:30:ca:b8:d9:bc 192.0.2.7",
        "1026864622 - 0:30:ca:b8:d9:bc 192.0.2.7 198.51.100.1 41 0",
        "1026864623 alice - 192.0.2.7 2001:db8::1 5 18446744073",
        "1026864700 - 0:30:ca:b8:d9:bc -",
    };
    std::string text;
    for (const std::string& line : lines) text += line + "\n";
    EXPECT_EQ(inspect(text).value(), "");
    EXPECT_EQ(sink_.lines, lines);
    EXPECT_TRUE(columns_.empty());
    EXPECT_TRUE(sink_.rows.empty());
}

TEST_F(InspectLog, WritesOtherFormatsAsTrafficWatch) {
    options_.set("write", std::string("trafficwatch"));
    const std::string named =
        "192.0.2.1 - a b [29/May/2017:19:02:48 +0200] \"GET / HTTP/1.1\" 200 612\n"
        "host.example - - [29/May/2017:19:02:48 +0200] \"GET / HTTP/1.1\" 200 612\n";
    EXPECT_EQ(inspect(std::string(web_line) + named).value(), "");
    EXPECT_EQ(sink_.lines, std::vector<std::string>{"1496077368 ann - 192.0.2.1 - 612 0"})
        << "a name with a blank would be two fields";
}

TEST_F(InspectLog, WritesDatedBytesInTheZoneOfTheOptions) {
    options_.set("format", std::string("dated-bytes"));
    options_.set("write", std::string("dated-bytes"));
    options_.set("timezone", std::string("Europe/Vienna"));
    const std::string line = "2017-07-03 06:25:03: 12345";
    EXPECT_EQ(inspect(line + "\n2017-01-03T05:25:03Z: 7\n").value(), "");
    EXPECT_EQ(sink_.lines, (std::vector<std::string>{line, "2017-01-03 06:25:03: 7"}));
}

}  // namespace
}  // namespace octroi::logs
