// SPDX-License-Identifier: GPL-3.0-or-later
#include "meter/log/line_times.hpp"

#include <gtest/gtest.h>

#include <string>

#include "base/check.hpp"

namespace octroi::logs {
namespace {

Zone vienna() {
    auto zone = Zone::find("Europe/Vienna");
    CHECK(zone.has_value());
    return *zone;
}

UtcTime utc(const std::string& text) { return parse_rfc3339(text).value(); }

logline::LineTime local(const std::string& text) {
    logline::LineTime time;
    time.stated = time.has_year = true;
    time.local_ns = utc(text).ns;
    return time;
}

// As syslog states it.
logline::LineTime without_year(const std::string& month_and_rest) {
    logline::LineTime time = local("2000-" + month_and_rest);
    time.has_year = false;
    return time;
}

TEST(LineTimes, AStatedZoneDecides) {
    LineTimes times(vienna());
    logline::LineTime time = local("2026-07-01 12:00:00");
    time.has_zone = true;
    time.offset_s = -3600;
    EXPECT_EQ(times.resolve(time, {}), utc("2026-07-01 13:00:00"));
}

TEST(LineTimes, WithoutAZoneTheConfiguredOneDecides) {
    LineTimes times(vienna());
    EXPECT_EQ(times.resolve(local("2026-07-01 12:00:00"), {}), utc("2026-07-01 10:00:00"));
    EXPECT_EQ(times.resolve(local("2026-12-01 12:00:00"), {}), utc("2026-12-01 11:00:00"));
}

// On 2026-10-25 the clocks show 02:00 to 03:00 twice.
TEST(LineTimes, AnHourThatIsShownTwiceIsResolvedByTheOrderOfLines) {
    LineTimes times(vienna());
    EXPECT_EQ(times.resolve(local("2026-10-25 02:10:00"), {}), utc("2026-10-25 00:10:00"));
    EXPECT_EQ(times.resolve(local("2026-10-25 02:55:00"), {}), utc("2026-10-25 00:55:00"));
    // Out of order by some minutes only.
    EXPECT_EQ(times.resolve(local("2026-10-25 02:50:00"), {}), utc("2026-10-25 00:50:00"));
    EXPECT_EQ(times.resolve(local("2026-10-25 02:05:00"), {}), utc("2026-10-25 01:05:00"));
    EXPECT_EQ(times.resolve(local("2026-10-25 02:55:00"), {}), utc("2026-10-25 01:55:00"));
    EXPECT_EQ(times.resolve(local("2026-10-25 03:00:00"), {}), utc("2026-10-25 02:00:00"));
}

TEST(LineTimes, ARestartInTheSecondHourGoesOnThere) {
    LineTimes times(vienna(), utc("2026-10-25 01:20:00"));
    EXPECT_EQ(times.resolve(local("2026-10-25 02:25:00"), {}), utc("2026-10-25 01:25:00"));
}

// On 2026-03-29 the clocks go from 02:00 to 03:00.
TEST(LineTimes, ATimeThatIsSkippedIsThatOfAClockThatWasNotSet) {
    LineTimes times(vienna());
    EXPECT_EQ(times.resolve(local("2026-03-29 01:59:59"), {}), utc("2026-03-29 00:59:59"));
    EXPECT_EQ(times.resolve(local("2026-03-29 02:30:00"), {}), utc("2026-03-29 01:30:00"));
    EXPECT_EQ(times.resolve(local("2026-03-29 03:00:00"), {}), utc("2026-03-29 01:00:00"));
}

TEST(LineTimes, TheYearIsTheLatestThatIsNotBehindTheFile) {
    LineTimes times(Zone::utc());
    const UtcTime modified = utc("2027-01-05 00:00:00");
    EXPECT_EQ(times.resolve(without_year("12-31 23:00:00"), modified), utc("2026-12-31 23:00:00"));
    EXPECT_EQ(times.resolve(without_year("01-04 10:00:00"), modified), utc("2027-01-04 10:00:00"));
    // A clock that is a little ahead.
    EXPECT_EQ(times.resolve(without_year("01-05 10:00:00"), modified), utc("2027-01-05 10:00:00"));
    EXPECT_EQ(times.resolve(without_year("02-29 10:00:00"), modified), utc("2024-02-29 10:00:00"));
    // The new year begins earlier in the east.
    EXPECT_EQ(times.resolve(without_year("01-01 00:10:00"), utc("2026-12-31 23:30:00")),
              utc("2027-01-01 00:10:00"));
}

TEST(LineTimes, ALineWithoutATimeHasThatOfTheFile) {
    LineTimes times(Zone::utc());
    EXPECT_EQ(times.resolve({}, utc("2026-01-01")), utc("2026-01-01"));
    EXPECT_FALSE(times.last());
}

}  // namespace
}  // namespace octroi::logs
