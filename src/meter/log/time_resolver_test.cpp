// SPDX-License-Identifier: GPL-3.0-or-later
#include "meter/log/time_resolver.hpp"

#include <gtest/gtest.h>

#include "wire/log/line_time.hpp"

namespace octroi::logs {
namespace {

UtcTime utc(std::string_view text) { return parse_rfc3339(text).value(); }

Zone vienna() { return Zone::find("Europe/Vienna").value(); }

logline::LineTime stamp(std::string_view text) {
    logline::LineTime time;
    EXPECT_TRUE(logline::read_any_time(text, time)) << text;
    return time;
}

std::string resolved(TimeResolver& resolver, std::string_view text) {
    const auto moment = resolver.resolve(stamp(text));
    return moment ? to_rfc3339(*moment) : "none";
}

TEST(TimeResolver, UsesTheStatedZone) {
    TimeResolver resolver({.zone = vienna(), .first_year = {}, .latest = {}});
    EXPECT_EQ(resolved(resolver, "29/May/2017:19:02:48 -0330"), "2017-05-29T22:32:48Z");
}

TEST(TimeResolver, UsesTheZoneOfTheServerInSummerAndWinter) {
    TimeResolver resolver({.zone = vienna(), .first_year = {}, .latest = {}});
    EXPECT_EQ(resolved(resolver, "2024-07-01 12:00:00"), "2024-07-01T10:00:00Z");
    EXPECT_EQ(resolved(resolver, "2024-12-01 12:00:00"), "2024-12-01T11:00:00Z");
    // The night in which clocks are set back: 02:30 is shown twice.
    EXPECT_EQ(resolved(resolver, "2024-10-27 01:59:59"), "2024-10-26T23:59:59Z");
    EXPECT_EQ(resolved(resolver, "2024-10-27 02:30:00"), "2024-10-27T00:30:00Z");
    EXPECT_EQ(resolved(resolver, "2024-10-27 03:00:00"), "2024-10-27T02:00:00Z");
    // Clocks skip 02:30.
    EXPECT_EQ(resolved(resolver, "2024-03-31 02:30:00"), "2024-03-31T01:00:00Z");
}

// On 2026-10-25 the clocks show 02:00 to 03:00 twice.
TEST(TimeResolver, ResolvesAnHourThatIsShownTwiceByTheOrderOfLines) {
    TimeResolver resolver({.zone = vienna(), .first_year = {}, .latest = {}});
    EXPECT_EQ(resolved(resolver, "2026-10-25 02:10:00"), "2026-10-25T00:10:00Z");
    EXPECT_EQ(resolved(resolver, "2026-10-25 02:55:00"), "2026-10-25T00:55:00Z");
    EXPECT_EQ(resolved(resolver, "2026-10-25 02:50:00"), "2026-10-25T00:50:00Z")
        << "out of order by some minutes";
    EXPECT_EQ(resolved(resolver, "2026-10-25 02:05:00"), "2026-10-25T01:05:00Z");
    EXPECT_EQ(resolved(resolver, "2026-10-25 02:55:00"), "2026-10-25T01:55:00Z");
    EXPECT_EQ(resolved(resolver, "2026-10-25 03:00:00"), "2026-10-25T02:00:00Z");
}

TEST(TimeResolver, GoesOnInTheSecondHourAfterARestart) {
    TimeResolver before({.zone = vienna(), .first_year = {}, .latest = {}});
    EXPECT_EQ(resolved(before, "2026-10-25 02:55:00"), "2026-10-25T00:55:00Z");
    EXPECT_EQ(resolved(before, "2026-10-25 02:20:00"), "2026-10-25T01:20:00Z");
    TimeResolver after({.zone = vienna(), .first_year = {}, .latest = {}});
    ASSERT_TRUE(after.restore(before.save()));
    EXPECT_EQ(resolved(after, "2026-10-25 02:25:00"), "2026-10-25T01:25:00Z");
    EXPECT_FALSE(after.restore("x"));
    EXPECT_EQ(resolved(after, "2026-10-25 02:25:00"), "2026-10-25T00:25:00Z");
}

TEST(TimeResolver, FindsTheYearByTheTimeOfTheFile) {
    TimeResolver resolver(
        {.zone = Zone::utc(), .first_year = {}, .latest = utc("2021-01-05T00:00:00Z")});
    EXPECT_EQ(resolved(resolver, "Dec 31 23:59:59"), "2020-12-31T23:59:59Z");
    EXPECT_EQ(resolved(resolver, "Jan  1 00:00:01"), "2021-01-01T00:00:01Z");
    EXPECT_EQ(resolved(resolver, "Feb 29 12:00:00"), "2020-02-29T12:00:00Z");
    // A clock may be wrong by some hours.
    EXPECT_EQ(resolved(resolver, "Jan  5 20:00:00"), "2021-01-05T20:00:00Z");
    EXPECT_EQ(resolved(resolver, "Jan  7 00:00:00"), "2020-01-07T00:00:00Z");
}

TEST(TimeResolver, CountsYearsFromTheFirstOne) {
    TimeResolver resolver({.zone = Zone::utc(), .first_year = 2016, .latest = {}});
    EXPECT_EQ(resolved(resolver, "Dec 31 23:59:58"), "2016-12-31T23:59:58Z");
    EXPECT_EQ(resolved(resolver, "Jan  1 00:00:01"), "2017-01-01T00:00:01Z");
    EXPECT_EQ(resolved(resolver, "Dec 31 23:59:59"), "2016-12-31T23:59:59Z");
    EXPECT_EQ(resolved(resolver, "Jan  1 00:00:02"), "2017-01-01T00:00:02Z");
    EXPECT_EQ(resolved(resolver, "Feb 29 00:00:00"), "none");
}

TEST(TimeResolver, HasNoMomentForALineWithoutTime) {
    TimeResolver resolver({.zone = Zone::utc(), .first_year = {}, .latest = {}});
    EXPECT_FALSE(resolver.resolve({}).has_value());
}

}  // namespace
}  // namespace octroi::logs
