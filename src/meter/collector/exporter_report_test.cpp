// SPDX-License-Identifier: GPL-3.0-or-later
#include "meter/collector/exporter_report.hpp"

#include <gtest/gtest.h>

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
    const Report report = interfaces_report(meters, directory, now);
    ASSERT_EQ(report.rows.size(), 2U);
    EXPECT_EQ(std::get<std::uint64_t>(report.rows[0].cells[2]), 3U);
    EXPECT_EQ(std::get<std::string>(report.rows[0].cells[3]), "ge-0/0/3");
    EXPECT_EQ(report.rows[0].cells[5], Cell{});
    EXPECT_EQ(std::get<std::string>(report.rows[1].cells[3]), "ge-0/0/9");
    EXPECT_EQ(std::get<std::string>(report.rows[1].cells[4]), "interface 192.0.2.1#9");
    EXPECT_EQ(std::get<std::string>(report.rows[1].cells[5]), "customer");
    EXPECT_NE(interfaces_report({}, directory, now).when_empty.find("options data"),
              std::string::npos);
}

}  // namespace
}  // namespace octroi::collector
