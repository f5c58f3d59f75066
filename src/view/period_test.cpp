// SPDX-License-Identifier: GPL-3.0-or-later
#include "view/period.hpp"

#include <gtest/gtest.h>

namespace octroi {
namespace {

Zone zone(std::string_view name) {
    const auto found = Zone::find(name);
    EXPECT_TRUE(found.has_value()) << name;
    return found.value_or(Zone::utc());
}

UtcTime at(std::string_view text) { return parse_rfc3339(text).value(); }

std::string stretch(std::string_view text, UtcTime now, const Zone& in) {
    const auto parsed = parse_interval(text, now, in);
    if (!parsed) return parsed.error().text;
    if (parsed->begin == parsed->end) return to_rfc3339(parsed->begin);
    return to_rfc3339(parsed->begin) + " " + to_rfc3339(parsed->end);
}

// A Thursday; clocks in Vienna show 2026-11-19 14:30.
const UtcTime now = at("2026-11-19T13:30:00Z");

TEST(Period, NamedPeriodsFollowTheZone) {
    const Zone vienna = zone("Europe/Vienna");
    EXPECT_EQ(stretch("now", now, vienna), "2026-11-19T13:30:00Z");
    EXPECT_EQ(stretch("today", now, vienna), "2026-11-18T23:00:00Z 2026-11-19T23:00:00Z");
    EXPECT_EQ(stretch("Yesterday", now, vienna), "2026-11-17T23:00:00Z 2026-11-18T23:00:00Z");
    EXPECT_EQ(stretch("this month", now, vienna), "2026-10-31T23:00:00Z 2026-11-30T23:00:00Z");
    // October has both offsets.
    EXPECT_EQ(stretch("last month", now, vienna), "2026-09-30T22:00:00Z 2026-10-31T23:00:00Z");
    EXPECT_EQ(stretch("this week", now, vienna), "2026-11-15T23:00:00Z 2026-11-22T23:00:00Z");
    EXPECT_EQ(stretch("last-week", now, vienna), "2026-11-08T23:00:00Z 2026-11-15T23:00:00Z");
    EXPECT_EQ(stretch("this year", now, vienna), "2025-12-31T23:00:00Z 2026-12-31T23:00:00Z");
    EXPECT_EQ(stretch("last hour", now, vienna), "2026-11-19T12:00:00Z 2026-11-19T13:00:00Z");
    EXPECT_EQ(stretch("this hour", now, zone("Asia/Kolkata")),
              "2026-11-19T13:30:00Z 2026-11-19T14:30:00Z");
    // The same moment is on a different day in another zone.
    EXPECT_EQ(stretch("today", now, zone("Pacific/Auckland")),
              "2026-11-19T11:00:00Z 2026-11-20T11:00:00Z");
}

TEST(Period, CalendarForms) {
    const Zone utc = Zone::utc();
    EXPECT_EQ(stretch("2026", now, utc), "2026-01-01T00:00:00Z 2027-01-01T00:00:00Z");
    EXPECT_EQ(stretch("2026-12", now, utc), "2026-12-01T00:00:00Z 2027-01-01T00:00:00Z");
    EXPECT_EQ(stretch("2028-02", now, utc), "2028-02-01T00:00:00Z 2028-03-01T00:00:00Z");
    EXPECT_EQ(stretch("2026-11-21", now, utc), "2026-11-21T00:00:00Z 2026-11-22T00:00:00Z");
    EXPECT_EQ(stretch("2026-W47", now, utc), "2026-11-16T00:00:00Z 2026-11-23T00:00:00Z");
    EXPECT_EQ(stretch("2026-W53", now, utc), "2026-12-28T00:00:00Z 2027-01-04T00:00:00Z");
}

TEST(Period, MomentsWithAndWithoutZone) {
    const Zone vienna = zone("Europe/Vienna");
    EXPECT_EQ(stretch("2026-11-21T13:05", now, vienna), "2026-11-21T12:05:00Z");
    EXPECT_EQ(stretch("2026-07-21 13:05:09", now, vienna), "2026-07-21T11:05:09Z");
    EXPECT_EQ(stretch("2026-11-21T13:05Z", now, vienna), "2026-11-21T13:05:00Z");
    EXPECT_EQ(stretch("2026-11-21T13:05:00-0500", now, vienna), "2026-11-21T18:05:00Z");
    EXPECT_EQ(stretch("2026-11-21T13:05+05:30", now, vienna), "2026-11-21T07:35:00Z");
    EXPECT_EQ(stretch("2026-11-21T13:05+02", now, vienna), "2026-11-21T11:05:00Z");
    EXPECT_EQ(stretch("@1763726400", now, vienna), "2025-11-21T12:00:00Z");
    const auto exact = parse_interval("2026-11-21T13:05:09.123456789", now, vienna);
    ASSERT_TRUE(exact.has_value());
    EXPECT_EQ(to_rfc3339(exact->begin, 9), "2026-11-21T12:05:09.123456789Z");
    // A local time that is skipped: the first moment after it. One that occurs twice: the first.
    EXPECT_EQ(stretch("2026-03-29T02:30", now, vienna), "2026-03-29T01:00:00Z");
    EXPECT_EQ(stretch("2026-10-25T02:30", now, vienna), "2026-10-25T00:30:00Z");
}

TEST(Period, RelativeToNow) {
    const Zone vienna = zone("Europe/Vienna");
    EXPECT_EQ(stretch("-12h", now, vienna), "2026-11-19T01:30:00Z");
    EXPECT_EQ(stretch("-90m", now, vienna), "2026-11-19T12:00:00Z");
    EXPECT_EQ(stretch("-7d", now, vienna), "2026-11-12T13:30:00Z");
    EXPECT_EQ(stretch("-2 weeks", now, vienna), "2026-11-05T13:30:00Z");
    // 30 days ago was summer time: the same time of day is one hour longer ago.
    EXPECT_EQ(stretch("-30d", now, vienna), "2026-10-20T12:30:00Z");
}

TEST(Period, RefusesTextThatIsNoTime) {
    for (const char* text : {"",
                             "tomorrow",
                             "2026-13",
                             "2026-02-30",
                             "2026-11-21T25:00",
                             "2026-11-21T",
                             "20261121",
                             "-7",
                             "-d",
                             "-9999999999999d",
                             "--7d",
                             "7d",
                             "next month",
                             "last",
                             "2027-W53",
                             "2026-W00",
                             "1600",
                             "@",
                             "@1x",
                             "@99999999999",
                             "2026-11-21T13:05 Vienna",
                             "0000-00-00",
                             "2026-1"}) {
        const auto parsed = parse_interval(text, now, Zone::utc());
        ASSERT_FALSE(parsed.has_value()) << text;
        EXPECT_EQ(parsed.error().code, ErrorCode::invalid);
        EXPECT_NE(parsed.error().text.find("is not a time; write it as"), std::string::npos);
    }
}

TEST(Period, SinceAndUntil) {
    const Zone utc = Zone::utc();
    EXPECT_EQ(parse_period({}, {}, now, utc), (Interval{UtcTime::min(), now}));
    EXPECT_EQ(parse_period("yesterday", "today", now, utc),
              (Interval{at("2026-11-18"), at("2026-11-19")}));
    EXPECT_EQ(parse_period("2026-10", "2026-11", now, utc),
              (Interval{at("2026-10-01"), at("2026-11-01")}));
    EXPECT_EQ(parse_period("-1h", {}, now, utc), (Interval{now - Duration::hours(1), now}));
    // A time with a length is that period, not the time since then.
    EXPECT_EQ(parse_period("yesterday", {}, now, utc),
              (Interval{at("2026-11-18"), at("2026-11-19")}));
    EXPECT_EQ(parse_period("last month", {}, now, utc),
              (Interval{at("2026-10-01"), at("2026-11-01")}));
    EXPECT_EQ(parse_period("2026-10", {}, now, utc),
              (Interval{at("2026-10-01"), at("2026-11-01")}));
    EXPECT_EQ(parse_period("2026-10-05", {}, now, utc),
              (Interval{at("2026-10-05"), at("2026-10-06")}));
    EXPECT_EQ(parse_period("2026-W42", {}, now, utc),
              (Interval{at("2026-10-12"), at("2026-10-19")}));
    EXPECT_EQ(parse_period("2025", {}, now, utc), (Interval{at("2025-01-01"), at("2026-01-01")}));
    EXPECT_EQ(parse_period("yesterday", "now", now, utc), (Interval{at("2026-11-18"), now}));
    for (const char* not_over : {"today", "this month", "2026", "2026-11"})
        EXPECT_EQ(parse_period(not_over, {}, now, utc)->end, now) << not_over;
    EXPECT_EQ(parse_period("2026-10-05T12:00", {}, now, utc),
              (Interval{at("2026-10-05T12:00:00Z"), now}));
    EXPECT_EQ(parse_period({}, "today", now, utc), (Interval{UtcTime::min(), at("2026-11-19")}));

    const auto same = parse_period("2026-10", "2026-10", now, utc);
    ASSERT_FALSE(same.has_value());
    EXPECT_EQ(same.error().text,
              "the period from '2026-10' until '2026-10' is empty; the period ends where --until "
              "begins; to include '2026-10' write --until 2026-11-01T00:00");
    const auto backwards = parse_period("today", "yesterday", now, utc);
    ASSERT_FALSE(backwards.has_value());
    EXPECT_EQ(backwards.error().text,
              "the period from 'today' until 'yesterday' is empty; --until must name a later time "
              "than --since");
    const auto future = parse_period("2027", {}, now, utc);
    ASSERT_FALSE(future.has_value());
    EXPECT_EQ(future.error().text, "--since 2027 is not in the past");
}

TEST(Period, UnknownZonesAreRefused) {
    for (const char* name : {"", "Mars/Olympus", "../../etc/passwd", "/etc/localtime", "Europe"})
        EXPECT_FALSE(Zone::find(name).has_value()) << name;
    EXPECT_EQ(Zone::local("Europe/Vienna").name(), "Europe/Vienna");
}

std::vector<std::string> labels(const Interval& period, PeriodUnit unit, const Zone& in) {
    std::vector<std::string> out;
    const auto slots = cut_period(period, unit, in);
    if (!slots) return {slots.error().text};
    for (const Slot& slot : *slots)
        out.push_back(slot.label + " = " + to_string(slot.interval.end - slot.interval.begin));
    return out;
}

TEST(PeriodCut, DaysMayHave23Or25Hours) {
    const Zone vienna = zone("Europe/Vienna");
    EXPECT_EQ(
        labels({at("2026-03-27T23:00:00Z"), at("2026-03-30T22:00:00Z")}, PeriodUnit::day, vienna),
        (std::vector<std::string>{"2026-03-28 = 1d", "2026-03-29 = 23h", "2026-03-30 = 1d"}));
    EXPECT_EQ(
        labels({at("2026-10-24T22:00:00Z"), at("2026-10-25T23:00:00Z")}, PeriodUnit::day, vienna),
        (std::vector<std::string>{"2026-10-25 = 1d1h"}));
}

TEST(PeriodCut, HoursEndWhenTheOffsetChanges) {
    const Zone vienna = zone("Europe/Vienna");
    EXPECT_EQ(
        labels({at("2026-10-24T23:00:00Z"), at("2026-10-25T02:30:00Z")}, PeriodUnit::hour, vienna),
        (std::vector<std::string>{"2026-10-25 01:00 = 1h", "2026-10-25 02:00 +02:00 = 1h",
                                  "2026-10-25 02:00 +01:00 = 1h", "2026-10-25 03:00 = 30m"}));
    EXPECT_EQ(
        labels({at("2026-03-29T00:00:00Z"), at("2026-03-29T02:00:00Z")}, PeriodUnit::hour, vienna),
        (std::vector<std::string>{"2026-03-29 01:00 = 1h", "2026-03-29 03:00 = 1h"}));
    // Half an hour forward and back: each hour keeps one offset.
    const Zone lord_howe = zone("Australia/Lord_Howe");
    EXPECT_EQ(labels({at("2026-04-04T13:30:00Z"), at("2026-04-04T16:30:00Z")}, PeriodUnit::hour,
                     lord_howe),
              (std::vector<std::string>{"2026-04-05 00:00 = 30m", "2026-04-05 01:00 = 1h",
                                        "2026-04-05 01:30 +10:30 = 30m", "2026-04-05 02:00 = 1h"}));
}

TEST(PeriodCut, MidnightMayBeSkipped) {
    // Beirut goes forward at midnight: the day begins at 01:00 and has 23 hours.
    const Zone beirut = zone("Asia/Beirut");
    EXPECT_EQ(
        labels({at("2026-03-27T22:00:00Z"), at("2026-03-29T21:00:00Z")}, PeriodUnit::day, beirut),
        (std::vector<std::string>{"2026-03-28 = 1d", "2026-03-29 = 23h"}));
    // Apia had no December 30 in 2011.
    const Zone apia = zone("Pacific/Apia");
    EXPECT_EQ(
        labels({at("2011-12-29T10:00:00Z"), at("2011-12-31T10:00:00Z")}, PeriodUnit::day, apia),
        (std::vector<std::string>{"2011-12-29 = 1d", "2011-12-31 = 1d"}));
    // St. John's set clocks back at 00:01: the old day continued on the clock for 59 minutes.
    const Zone st_johns = zone("America/St_Johns");
    EXPECT_EQ(
        labels({at("2006-10-28T02:30:00Z"), at("2006-10-30T03:30:00Z")}, PeriodUnit::day, st_johns),
        (std::vector<std::string>{"2006-10-28 = 1d", "2006-10-29 = 1d1h"}));
}

TEST(PeriodCut, TimeAfterTheFirstMidnightBelongsToTheNewDay) {
    // The second 23:30 of Saturday, one minute after Sunday had begun.
    const Zone st_johns = zone("America/St_Johns");
    const UtcTime again = at("2006-10-29T03:00:00Z");
    ASSERT_EQ(local_text(again, st_johns), "2006-10-28 23:30");
    EXPECT_EQ(unit_around(again, PeriodUnit::day, st_johns),
              (Interval{at("2006-10-29T02:30:00Z"), at("2006-10-30T03:30:00Z")}));
}

TEST(PeriodCut, WeeksMonthsYears) {
    const Zone utc = Zone::utc();
    EXPECT_EQ(labels({at("2026-12-27"), at("2027-01-05")}, PeriodUnit::week, utc),
              (std::vector<std::string>{"2026-W52 = 1d", "2026-W53 = 7d", "2027-W01 = 1d"}));
    EXPECT_EQ(labels({at("2027-12-15"), at("2028-03-02")}, PeriodUnit::month, utc),
              (std::vector<std::string>{"2027-12 = 17d", "2028-01 = 31d", "2028-02 = 29d",
                                        "2028-03 = 1d"}));
    EXPECT_EQ(labels({at("2026-01-01"), at("2027-01-01")}, PeriodUnit::year, utc),
              (std::vector<std::string>{"2026 = 365d"}));
}

TEST(PeriodCut, SlotsCoverThePeriodWithoutGapsInEveryZone) {
    for (const char* name : {"UTC", "Europe/Vienna", "America/New_York", "Asia/Kolkata",
                             "Australia/Lord_Howe", "America/St_Johns", "Africa/Casablanca",
                             "Pacific/Apia", "America/Sao_Paulo", "Asia/Kathmandu"}) {
        const Zone in = zone(name);
        const Interval period{at("2011-06-15T07:13:00Z"), at("2012-06-15T07:13:00Z")};
        for (const PeriodUnit unit : {PeriodUnit::hour, PeriodUnit::day, PeriodUnit::week,
                                      PeriodUnit::month, PeriodUnit::year}) {
            const auto slots = cut_period(period, unit, in);
            ASSERT_TRUE(slots.has_value());
            UtcTime reached = period.begin;
            std::string before;
            for (const Slot& slot : *slots) {
                ASSERT_EQ(slot.interval.begin, reached) << name << " " << slot.label;
                ASSERT_LT(slot.interval.begin, slot.interval.end) << name << " " << slot.label;
                ASSERT_NE(slot.label, before) << name;
                reached = slot.interval.end;
                before = slot.label;
            }
            EXPECT_EQ(reached, period.end);
        }
    }
}

TEST(PeriodCut, StepsOfFiveMinutesAreBuckets) {
    const Zone vienna = zone("Europe/Vienna");
    EXPECT_EQ(parse_period_unit("5min"), PeriodUnit::five_minutes);
    const auto slots = cut_period({at("2026-10-25T00:58:00Z"), at("2026-10-25T01:05:00Z")},
                                  PeriodUnit::five_minutes, vienna);
    ASSERT_TRUE(slots.has_value());
    ASSERT_EQ(slots->size(), 2U);
    EXPECT_EQ(slots->at(1).interval,
              (Interval{at("2026-10-25T01:00:00Z"), at("2026-10-25T01:05:00Z")}));
    EXPECT_EQ(slots->at(1).label, "2026-10-25 02:00 +01:00") << "shown twice on this day";
}

TEST(PeriodCut, IsBounded) {
    const auto forever = cut_period({}, PeriodUnit::hour, Zone::utc());
    ASSERT_FALSE(forever.has_value());
    EXPECT_EQ(forever.error().code, ErrorCode::over_limit);
    EXPECT_FALSE(cut_period({at("1970-01-01"), at("2026-01-01")}, PeriodUnit::hour, Zone::utc()));
    EXPECT_TRUE(cut_period({at("1970-01-01"), at("2026-01-01")}, PeriodUnit::day, Zone::utc()));
}

TEST(PeriodCut, TheFirstAndLastTimesDoNotOverflow) {
    const Zone vienna = zone("Europe/Vienna");
    for (const char* text : {"1678", "2261", "@9214000000", "@-9214000000", "2261-12-31T23:59"}) {
        const auto parsed = parse_interval(text, now, vienna);
        ASSERT_TRUE(parsed.has_value()) << text;
        for (const PeriodUnit unit : {PeriodUnit::five_minutes, PeriodUnit::hour, PeriodUnit::day,
                                      PeriodUnit::week, PeriodUnit::month, PeriodUnit::year}) {
            EXPECT_TRUE(unit_around(parsed->begin, unit, vienna).contains(parsed->begin)) << text;
            const Interval hour{parsed->begin, parsed->begin + Duration::hours(1)};
            EXPECT_TRUE(cut_period(hour, unit, vienna).has_value()) << text;
        }
    }
    EXPECT_FALSE(parse_interval("@9214000001", now, vienna).has_value());
}

TEST(PeriodText, NamesWholeUnits) {
    const Zone vienna = zone("Europe/Vienna");
    EXPECT_EQ(period_text({at("2026-10-31T23:00:00Z"), at("2026-11-30T23:00:00Z")}, vienna),
              "2026-11 (Europe/Vienna)");
    EXPECT_EQ(period_text({at("2026-10-31"), at("2026-11-02")}, Zone::utc()),
              "2026-10-31 00:00 to 2026-11-02 00:00 (UTC)");
    EXPECT_EQ(period_text({UtcTime::min(), at("2026-11-02T01:02:03Z")}, Zone::utc()),
              "until 2026-11-02 01:02:03 (UTC)");
    EXPECT_EQ(period_text({}, Zone::utc()), "all time (UTC)");
}

}  // namespace
}  // namespace octroi
