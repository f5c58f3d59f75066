// SPDX-License-Identifier: GPL-3.0-or-later
#include "view/limit.hpp"

#include <gtest/gtest.h>

namespace octroi {
namespace {

Report report_of(std::size_t rows) {
    Report report;
    report.columns = {{"name", "Name"}};
    for (std::size_t i = 0; i < rows; ++i) report.rows.push_back({{std::to_string(i)}});
    return report;
}

TEST(LimitRows, KeepsTheFirstRowsAndCountsTheOthers) {
    Report report = report_of(1003);
    limit_rows(report, 2);
    ASSERT_EQ(report.rows.size(), 2U);
    EXPECT_EQ(std::get<std::string>(report.rows[1].cells[0]), "1");
    EXPECT_EQ(report.notes,
              std::vector<std::string>{"1,001 more rows not shown. The total includes all rows."});
}

TEST(LimitRows, DoesNotChangeAShortReport) {
    Report report = report_of(2);
    limit_rows(report, 2);
    EXPECT_EQ(report.rows.size(), 2U);
    EXPECT_TRUE(report.notes.empty());
}

}  // namespace
}  // namespace octroi
