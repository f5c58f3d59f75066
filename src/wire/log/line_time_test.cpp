// SPDX-License-Identifier: GPL-3.0-or-later
#include "wire/log/line_time.hpp"

#include <gtest/gtest.h>

#include "wire/log/testing/read_lines.hpp"

namespace octroi::logline {
namespace {

// The time, and the text behind it.
std::string read_time(std::string_view text) {
    LineTime time;
    if (!read_any_time(text, time)) return "none";
    return testing::text_of(time) + "|" + std::string(text);
}

TEST(LineTime, HasTheFormsThatLogsHave) {
    EXPECT_EQ(read_time("29/May/2017:19:02:48 +0530 x"), "2017-05-29T13:32:48Z| x");
    EXPECT_EQ(read_time("29/May/2017:19:02:48.25"), "2017-05-29T19:02:48.25|");
    EXPECT_EQ(read_time("2024-12-31T06:56:17.784598+01:00 x"), "2024-12-31T05:56:17.784598Z| x");
    EXPECT_EQ(read_time("2024-12-31 06:56:17,784 x"), "2024-12-31T06:56:17.784| x");
    EXPECT_EQ(read_time("2024/12/31 06:56:17Z"), "2024-12-31T06:56:17Z|");
    EXPECT_EQ(read_time("2024-12-31 06:56:17 -0330: 5"), "2024-12-31T10:26:17Z|: 5");
    EXPECT_EQ(read_time("Sep  8 07:46:30 h"), "09-08T07:46:30| h");
    EXPECT_EQ(read_time("Feb 29 07:46:30.5"), "02-29T07:46:30.5|");
    EXPECT_EQ(read_time("Sep 8 2020 07:46:30"), "2020-09-08T07:46:30|");
    EXPECT_EQ(read_time("Mon Jun  6 18:43:28 2016 x"), "2016-06-06T18:43:28| x");
    EXPECT_EQ(read_time("1259844091.407 x"), "2009-12-03T12:41:31.407Z| x");
    EXPECT_EQ(read_time("1259844091"), "2009-12-03T12:41:31Z|");
    EXPECT_EQ(read_time("1259844091407"), "2009-12-03T12:41:31.407Z|");
    EXPECT_EQ(read_time("1259844091407000001"), "2009-12-03T12:41:31.407000001Z|");
    EXPECT_EQ(read_time("1259844091407.25 x"), "2009-12-03T12:41:31.407Z| x");
    EXPECT_EQ(read_time("08.09.2020 07:46:30"), "2020-09-08T07:46:30|");
    EXPECT_EQ(read_time("2016-12-31T23:59:60Z"), "2016-12-31T23:59:59Z|");
}

TEST(LineTime, HasTheLabelsOfMultilog) {
    const auto read = [](std::string_view text) {
        LineTime time;
        if (!read_tai64n(text, time)) return std::string("none");
        return testing::text_of(time) + "|" + std::string(text);
    };
    EXPECT_EQ(read("@400000004c91b044077a9e94 x"), "2010-09-16T05:50:50.125476500Z| x");
    for (const std::string_view text :
         {"", "@", "@400000004c91b044077a9e9", "400000004c91b044077a9e94",
          "@400000004c91b0443b9aca00", "@000000004c91b044077a9e94", "@ffffffff4c91b044077a9e94",
          "@400000004c91b04g077a9e94", "@-00000004c91b044077a9e94"})
        EXPECT_EQ(read(text), "none") << text;
}

TEST(LineTime, RefusesWhatNamesNoMoment) {
    for (const std::string_view text :
         {"", "x", "31/Jun/2017:19:02:48 +0000", "2023-02-29 00:00:00", "2024-13-01 00:00:00",
          "2024-01-01 24:00:00", "2024-01-01 00:60:00", "Foo  8 07:46:30", "1899-01-01 00:00:00",
          "2200-01-01 00:00:00", "Mon Jun 31 18:43:28 2016", "99999999999999999999", "2024-01-01"})
        EXPECT_EQ(read_time(text), "none") << text;
}

}  // namespace
}  // namespace octroi::logline
