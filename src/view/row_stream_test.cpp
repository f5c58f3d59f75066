// SPDX-License-Identifier: GPL-3.0-or-later
#include "view/row_stream.hpp"

#include <gtest/gtest.h>

#include <limits>
#include <nlohmann/json.hpp>
#include <random>

namespace octroi {
namespace {

std::string json_string(std::string_view text) {
    TextBuffer out;
    append_json_string(out, text);
    return fmt::to_string(out);
}

std::string csv_field(std::string_view text) {
    TextBuffer out;
    append_csv_field(out, text);
    return fmt::to_string(out);
}

std::string rfc3339(Moment moment) {
    TextBuffer out;
    append_rfc3339(out, moment);
    return fmt::to_string(out);
}

std::string address_text(std::string_view text) {
    TextBuffer out;
    append_address(out, parse_address(text).value());
    return fmt::to_string(out);
}

TextSink into(std::string& out) {
    return [&out](std::string_view text) -> Status {
        out += text;
        return {};
    };
}

TEST(JsonString, EscapesAsRfc8259) {
    EXPECT_EQ(json_string("plain"), R"("plain")");
    EXPECT_EQ(json_string("a\"b\\c/"), R"("a\"b\\c/")");
    EXPECT_EQ(json_string("a\nb\rc\td\x01"), R"("a\nb\rc\td\u0001")");
    EXPECT_EQ(json_string("Zürich 東京 🙂"), "\"Zürich 東京 🙂\"");
    EXPECT_EQ(json_string("\x1b[2J\x7f\u009b"), R"("\u001b[2J\u007f\u009b")");
    EXPECT_EQ(json_string("a\xff"
                          "b\xc3"),
              "\"a\uFFFDb\uFFFD\"");
}

TEST(JsonString, AnyOctetsGiveAValidDocument) {
    std::mt19937 random(7);
    for (int round = 0; round < 2000; ++round) {
        std::string text(random() % 24, '\0');
        for (char& c : text) c = static_cast<char>(random());
        const auto parsed = nlohmann::json::parse(json_string(text), nullptr, false);
        ASSERT_TRUE(parsed.is_string());
        ASSERT_FALSE(
            nlohmann::json::parse("[" + json_string(text) + "]", nullptr, false).is_discarded());
    }
}

TEST(CsvField, QuotesAsRfc4180) {
    EXPECT_EQ(csv_field("plain text"), "plain text");
    EXPECT_EQ(csv_field("a,b"), "\"a,b\"");
    EXPECT_EQ(csv_field("say \"x\""), "\"say \"\"x\"\"\"");
    EXPECT_EQ(csv_field("a\nb"), "\"a\nb\"");
    EXPECT_EQ(csv_field(" edge"), "\" edge\"");
    EXPECT_EQ(csv_field("\xff"), "\uFFFD");
}

// Names of exporters and hosts come from outside: nothing that opens the file may run them.
TEST(CsvField, NeutralisesWhatATerminalOrASpreadsheetWouldObey) {
    EXPECT_EQ(csv_field("=cmd|' /C calc'!A0"), "'=cmd|' /C calc'!A0");
    EXPECT_EQ(csv_field("@SUM(1+1)*cmd|'x'!A0"), "'@SUM(1+1)*cmd|'x'!A0");
    EXPECT_EQ(csv_field("+1+1"), "'+1+1");
    EXPECT_EQ(csv_field("-2+3"), "'-2+3");
    EXPECT_EQ(csv_field("\t=1"), "'\t=1");
    EXPECT_EQ(csv_field("\x1b[2Jeth0\r\x9b"), "\"\uFFFD[2Jeth0\uFFFD\uFFFD\"");
    EXPECT_EQ(csv_field("\u009b1m"), "\uFFFD1m");
    for (const char* own : {"@unattributed", "@excluded/non-ip", "@transit", "eth0", "a=b", "1-2"})
        EXPECT_EQ(csv_field(own), own);
    TextBuffer raw;
    append_csv_field(raw, "=\x1b[2J", CsvTexts::raw);
    EXPECT_EQ(fmt::to_string(raw), "=\x1b[2J");
}

TEST(Rfc3339, EqualsTheTextOfBase) {
    std::mt19937_64 random(11);
    for (int round = 0; round < 5000; ++round) {
        const UtcTime t{static_cast<std::int64_t>(random())};
        const int digits = static_cast<int>(random() % 10);
        ASSERT_EQ(rfc3339({t, digits}), to_rfc3339(t, digits));
    }
    EXPECT_EQ(rfc3339({UtcTime{-1}, 9}), "1969-12-31T23:59:59.999999999Z");
    EXPECT_EQ(rfc3339({UtcTime{1'000'000'001}, 9}), "1970-01-01T00:00:01.000000001Z");
    EXPECT_EQ(rfc3339({UtcTime{1'999'999'999}, 6}), "1970-01-01T00:00:01.999999Z");
}

TEST(AddressText, EqualsTheTextOfBase) {
    for (const char* text :
         {"0.0.0.0", "192.0.2.255", "2001:db8::1", "::", "::1", "::ffff:192.0.2.1",
          "1::", "2001:db8:0:1:1:1:1:1", "2001:0:0:1::1", "fe80::ff:fe00:1"})
        EXPECT_EQ(address_text(text), to_string(parse_address(text).value()));
    // Every pattern of zero groups, with short and long groups between them.
    for (unsigned pattern = 0; pattern < 256; ++pattern) {
        for (const unsigned high : {0x00U, 0x0aU, 0xb0U}) {
            std::array<std::uint8_t, 16> octets{};
            for (unsigned i = 0; i < 8; ++i) {
                if ((pattern >> i & 1U) == 0) continue;
                octets.at(2 * i) = static_cast<std::uint8_t>(high);
                octets.at(2 * i + 1) = static_cast<std::uint8_t>(i + 1);
            }
            const std::string text = to_string(Address::v6(octets.data()));
            ASSERT_EQ(address_text(text), text);
        }
    }
    TextBuffer none;
    append_address(none, Address{});
    EXPECT_EQ(none.size(), 0U);
}

const std::vector<Column> columns{
    {"name", "Name"},
    {"address", "Address"},
    {"bytes", "Bytes", ColumnKind::bytes},
    {"delta", "Delta", ColumnKind::count},
    {"share", "Share", ColumnKind::bar, Audience::people},
    {"seen", "Seen", ColumnKind::time},
    {"age", "Age", ColumnKind::duration},
    {"on", "On"},
    {"tags", "Tags", ColumnKind::list},
    {"mac", "MAC"},
    {"ratio", "Ratio", ColumnKind::percent},
};

std::vector<Cell> full_row() {
    return {std::string("Zürich, \"HQ\""),
            parse_address("192.0.2.1").value(),
            std::uint64_t{UINT64_MAX},
            std::int64_t{-5},
            99.5,
            Moment{UtcTime{1'500'000'000}, 3},
            Duration::milliseconds(-1250),
            true,
            std::vector<std::string>{"a", "b\"c"},
            parse_mac("00:30:ca:b8:d9:bc").value(),
            12.5};
}

TEST(RowStream, Ndjson) {
    std::string out;
    RowStream stream(columns, MachineFormat::ndjson, into(out));
    ASSERT_TRUE(stream.row(full_row()));
    ASSERT_TRUE(stream.row(std::vector<Cell>(columns.size())));
    ASSERT_TRUE(stream.finish());
    EXPECT_EQ(
        out,
        R"({"name":"Zürich, \"HQ\"","address":"192.0.2.1","bytes":18446744073709551615,"delta":-5,)"
        R"("seen":"1970-01-01T00:00:01.500Z","age":-1.25,"on":true,"tags":["a","b\"c"],)"
        R"("mac":"00:30:ca:b8:d9:bc","ratio":12.5})"
        "\n{}\n");
}

TEST(RowStream, Csv) {
    std::string out;
    RowStream stream(columns, MachineFormat::csv, into(out));
    ASSERT_TRUE(stream.row(full_row()));
    ASSERT_TRUE(stream.row(std::vector<Cell>(columns.size())));
    ASSERT_TRUE(stream.finish(full_row()));  // no totals: a reader would take them for a row
    EXPECT_EQ(
        out,
        "name,address,bytes,delta,seen,age,on,tags,mac,ratio\r\n"
        "\"Zürich, \"\"HQ\"\"\",192.0.2.1,18446744073709551615,-5,1970-01-01T00:00:01.500Z,-1.25,"
        "true,\"a;b\"\"c\",00:30:ca:b8:d9:bc,12.5\r\n"
        ",,,,,,,,,\r\n");
}

TEST(RowStream, JsonArrayAndObject) {
    const std::vector<Column> two{{"a", "A"}, {"b", "B", ColumnKind::count}};
    const std::vector<Cell> row{std::string("x"), std::uint64_t{1}};
    std::string out;
    RowStream array(two, MachineFormat::json, into(out));
    ASSERT_TRUE(array.row(row));
    ASSERT_TRUE(array.row(row));
    ASSERT_TRUE(array.finish());
    EXPECT_EQ(out, "[\n{\"a\":\"x\",\"b\":1},\n{\"a\":\"x\",\"b\":1}\n]\n");

    out.clear();
    RowStream empty(two, MachineFormat::json, into(out));
    ASSERT_TRUE(empty.finish());
    EXPECT_EQ(out, "[]\n");

    out.clear();
    const std::vector<Fact> meta{{"zone", std::string("UTC")}, {"none", {}}};
    RowStream object(two, MachineFormat::json, into(out), meta);
    ASSERT_TRUE(object.row(row));
    ASSERT_TRUE(object.finish(row));
    const auto parsed = nlohmann::json::parse(out);
    EXPECT_EQ(parsed, nlohmann::json::parse(
                          R"({"zone":"UTC","rows":[{"a":"x","b":1}],"totals":{"a":"x","b":1}})"));
}

TEST(RowStream, InfiniteAndNanNumbersAreNull) {
    const std::vector<Column> one{{"x", "X", ColumnKind::percent}};
    std::string out;
    RowStream stream(one, MachineFormat::ndjson, into(out));
    ASSERT_TRUE(stream.row(std::vector<Cell>{std::numeric_limits<double>::quiet_NaN()}));
    ASSERT_TRUE(stream.finish());
    EXPECT_EQ(out, "{\"x\":null}\n");
}

TEST(RowStream, WritesInPiecesAndStopsAtAnError) {
    const std::vector<Column> one{{"x", "X"}};
    const std::vector<Cell> row{std::string(1000, 'x')};
    std::size_t calls = 0;
    std::size_t total = 0;
    RowStream stream(one, MachineFormat::ndjson, [&](std::string_view text) -> Status {
        total += text.size();
        ++calls;
        return {};
    });
    for (int i = 0; i < 1000; ++i) ASSERT_TRUE(stream.row(row));
    ASSERT_TRUE(stream.finish());
    EXPECT_EQ(total, 1000U * 1009U);
    EXPECT_GT(calls, 10U);
    EXPECT_LT(calls, 20U);

    RowStream closed(one, MachineFormat::ndjson,
                     [](std::string_view) -> Status { return fail(ErrorCode::failed, "closed"); });
    Status status;
    int rows = 0;
    while (status.has_value() && rows < 1000) {
        status = closed.row(row);
        ++rows;
    }
    EXPECT_FALSE(status.has_value());
    EXPECT_LT(rows, 100);
}

TEST(JsonObject, OneLine) {
    const std::vector<Fact> facts{{"frames", std::uint64_t{3}}, {"none", {}}, {"ok", true}};
    EXPECT_EQ(json_object(facts), "{\"frames\":3,\"ok\":true}\n");
    EXPECT_EQ(json_object({}), "{}\n");
}

}  // namespace
}  // namespace octroi
