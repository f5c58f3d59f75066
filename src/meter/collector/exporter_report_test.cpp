// SPDX-License-Identifier: GPL-3.0-or-later
#include "meter/collector/exporter_report.hpp"

#include <gtest/gtest.h>

#include <algorithm>

#include "wire/exporter/testing/collected.hpp"
#include "wire/ipfix/testing/messages.hpp"

namespace octroi::collector {
namespace {

using namespace ipfix::testing;

constexpr UtcTime now = UtcTime::from_seconds(export_seconds);

TEST(InterfacesReport, ListsTheNamesOfInterfacesAndTheirAccounts) {
    std::vector<MeterExporters> meters(1);
    meters[0].meter = "routers";
    const OptionsSpec interfaces{258, {{2, 4}}, {{82, 8}}};
    const std::string message =
        v9_message(1, {v9_options_template(interfaces), data(258, values().u32(9).raw("ge-0/0/9")),
                       data(258, values().u32(3).raw("ge-0/0/3"))});
    exporter::testing::Collected sink;
    static_cast<void>(
        meters[0].exporters.decode({as_octets(message), Address::v4(0xc0000201U), now}, sink));
    Directory directory;
    const auto bind = [&](const char* value, const char* account, Interval valid) {
        directory.bindings.push_back({directory.bindings.size() + 1,
                                      {IdentityKind::interface, value},
                                      account,
                                      valid,
                                      false});
    };
    bind("192.0.2.1#9", "older", {});
    bind("192.0.2.1#9", "customer", {});
    bind("192.0.2.1#9", "former", {UtcTime::min(), now});
    const Report report = interfaces_report(meters, {}, directory, now);
    ASSERT_EQ(report.rows.size(), 2U);
    EXPECT_EQ(std::get<std::uint64_t>(report.rows[0].cells[2]), 3U);
    EXPECT_EQ(std::get<std::string>(report.rows[0].cells[3]), "ge-0/0/3");
    EXPECT_EQ(report.rows[0].cells[5], Cell{});
    EXPECT_EQ(std::get<std::string>(report.rows[1].cells[3]), "ge-0/0/9");
    EXPECT_EQ(std::get<std::string>(report.rows[1].cells[4]), "interface 192.0.2.1#9");
    EXPECT_EQ(std::get<std::string>(report.rows[1].cells[5]), "customer");
    EXPECT_NE(interfaces_report({}, {}, directory, now).when_empty.find("options data"),
              std::string::npos);
}

TEST(ExportersReport, NamesExportersDoubtsAndUnknownSenders) {
    std::vector<MeterExporters> meters(1);
    meters[0].meter = "routers";
    exporter::testing::Collected sink;
    const auto decode = [&](const std::string& message) {
        static_cast<void>(
            meters[0].exporters.decode({as_octets(message), Address::v4(0xc0000201U), now}, sink));
    };
    const OptionsSpec wide{300, {{149, 4}}, {{34, 4}}};
    decode(ipfix_message(1, {options_template(wide), data(300, values().u32(1).u32(100))}));
    decode(ipfix_message(1, {data(300, values().u32(1).u32(5000))}, 1));
    decode(ipfix_message(1, {data(300, values().u32(1).u32(0x7fffffff))}, 2));
    const FieldSpec private_octets{.id = 12345, .length = 4, .enterprise = 9};
    decode(ipfix_message(1,
                         {templates({{301, {{8, 4}, {12, 4}, private_octets}}}),
                          data(301, values().u32(1).u32(2).u32(1000))},
                         3));
    decode(ipfix_message(1, {data(300, values().u32(1).u32(100))}, 11));
    decode(values().u32(4).u32(1).u32(0x0a000001).u32(1).u32(1));
    ExporterConfig row;
    row.prefixes = {*parse_prefix("192.0.2.0/24")};
    row.name = "core";
    const Report report = exporters_report(meters, std::vector{row});
    ASSERT_EQ(report.rows.size(), 2U);
    const auto cell = [&](std::size_t at, std::string_view key) {
        const auto column = std::ranges::find(report.columns, key, &Column::key);
        return report.rows[at].cells[static_cast<std::size_t>(column - report.columns.begin())];
    };
    EXPECT_EQ(cell(0, "name"), Cell{std::string("core")});
    EXPECT_EQ(cell(0, "lost"), Cell{std::uint64_t{0}});
    EXPECT_EQ(cell(0, "sampling"), Cell{std::vector<std::string>{"1:100"}});
    EXPECT_EQ(cell(0, "doubts"),
              (Cell{std::vector<std::string>{
                  "7 more missing by sequence numbers: may still arrive",
                  "1 sampling rates that cannot be right (sampling)",
                  "1 rates stated once, not applied until repeated (sampling)",
                  "1 records with counts in private elements only, not counted (template 301: "
                  "9/12345)"}}));
    EXPECT_EQ(cell(1, "protocols"), Cell{std::vector<std::string>{"sFlow version 4: not read"}});
    EXPECT_EQ(cell(1, "undecodable"), Cell{std::uint64_t{1}});
    // What the configuration says comes before what the exporter does.
    row.sampling = 7;
    const Report configured = exporters_report(meters, std::vector{row});
    EXPECT_EQ(configured.rows[0].cells.size(), report.columns.size());
}

}  // namespace
}  // namespace octroi::collector
