// SPDX-License-Identifier: GPL-3.0-or-later
#include "view/host_names.hpp"

#include <gtest/gtest.h>

namespace octroi {
namespace {

TEST(HostNames, AreAColumnBehindTheAddresses) {
    Report report;
    report.columns = {{"identity", "Identity"}, {"bytes", "Bytes", ColumnKind::bytes}};
    report.rows.push_back({{std::string("10.0.0.1"), std::uint64_t{5}}});
    report.rows.push_back({{std::string("mac 0:30:ca:b8:d9:bc"), std::uint64_t{6}}});
    report.apart.push_back({{Cell{}, std::uint64_t{7}}});
    report.totals = {Cell{}, std::uint64_t{11}};
    const auto addresses = addresses_in({&report, 1});
    ASSERT_EQ(addresses.size(), 1U);
    EXPECT_EQ(addresses[0], *parse_address("10.0.0.1"));
    add_host_names(report, [](const Address&) { return std::string("alice.example.org"); });
    EXPECT_EQ(report.columns.at(1).key, "name");
    EXPECT_EQ(report.rows[0].cells,
              (std::vector<Cell>{std::string("10.0.0.1"), std::string("alice.example.org"),
                                 std::uint64_t{5}}));
    EXPECT_EQ(report.rows[1].cells.at(1), Cell{});
    EXPECT_EQ(report.apart[0].cells.size(), 3U);
    EXPECT_EQ(report.totals.size(), 3U);
}

TEST(HostNames, AreLeftOutWhereNothingHasAnAddress) {
    Report report;
    report.columns = {{"account", "Account"}};
    report.rows.push_back({{std::string("alice")}});
    add_host_names(report, [](const Address&) { return std::string("x"); });
    EXPECT_EQ(report.columns.size(), 1U);
    EXPECT_TRUE(addresses_in({&report, 1}).empty());
}

}  // namespace
}  // namespace octroi
