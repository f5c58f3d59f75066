// SPDX-License-Identifier: GPL-3.0-or-later
#include "view/limit.hpp"

#include <gtest/gtest.h>

namespace octroi {
namespace {

Sheet sheet_of(std::size_t rows) {
    Sheet sheet;
    sheet.columns = {{"name", "Name"}};
    for (std::size_t i = 0; i < rows; ++i) sheet.rows.push_back({{std::to_string(i)}});
    return sheet;
}

TEST(LimitRows, KeepsTheFirstAndSaysHowManyAreLeftOut) {
    Sheet sheet = sheet_of(1003);
    limit_rows(sheet, 2);
    ASSERT_EQ(sheet.rows.size(), 2U);
    EXPECT_EQ(std::get<std::string>(sheet.rows[1].cells[0]), "1");
    EXPECT_EQ(sheet.notes,
              std::vector<std::string>{"1,001 more rows not shown; the total is that of all."});
}

TEST(LimitRows, LeavesAShortSheetAlone) {
    Sheet sheet = sheet_of(2);
    limit_rows(sheet, 2);
    EXPECT_EQ(sheet.rows.size(), 2U);
    EXPECT_TRUE(sheet.notes.empty());
}

}  // namespace
}  // namespace octroi
