// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

// Reads periods as people write them, and divides them into steps of five minutes, hours, days,
// weeks, months and years of a time zone. The caller passes the current time.

#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "view/zone.hpp"

namespace octroi {

// Every name of a time means an interval [begin, end):
//   now                              this moment (an empty interval)
//   today  yesterday                 a day of the zone
//   this/last hour week month year   weeks begin on Monday (ISO 8601)
//   2026  2026-11  2026-11-21        a year, month or day of the zone
//   2026-W47                         a week (ISO 8601)
//   2026-11-21T13:05[:27[.5]][Z|+01:00]   a moment; without an offset in the zone
//   -7d  -2w  -12h  -90m  -30s       so long before now; days and weeks keep the time of day
//   @1763726400                      seconds since 1970
// Upper and lower case are equal, and so are "this-month" and "this month". Error invalid: the text
// is not a time.
[[nodiscard]] Result<Interval> parse_interval(std::string_view text, UtcTime now, const Zone& zone);

// --since and --until: from the begin of the interval `since` to the begin of the interval `until`
// ("--since yesterday --until today" is yesterday; "--since 2026-11 --until 2026-12" is November).
// Without since: from the earliest time. Without until: the interval `since` if that has a length
// ("--since yesterday" is yesterday, "--since 2026-10" is October; of a period that is not over,
// the part until now), else from `since` to now. Error invalid: not a time, or an empty period; the
// text says what to write instead.
[[nodiscard]] Result<Interval> parse_period(std::optional<std::string_view> since,
                                            std::optional<std::string_view> until, UtcTime now,
                                            const Zone& zone);

// five_minutes ("5min"): the buckets of the ledger.
enum class PeriodUnit { five_minutes, hour, day, week, month, year };
[[nodiscard]] std::optional<PeriodUnit> parse_period_unit(std::string_view text);
[[nodiscard]] std::string_view to_string(PeriodUnit unit);

// The hour, day, … of the zone that contains t. A day may have 23 or 25 hours. An hour ends early
// when the offset from UTC changes, so that each hour has one offset.
[[nodiscard]] Interval unit_around(UtcTime t, PeriodUnit unit, const Zone& zone);

struct Slot {
    Interval interval;
    // "2026-11-21 13:05", "2026-11-21 13:00", "2026-11-21", "2026-W47", "2026-11", "2026". A time
    // that occurs twice on the local clock has its offset: "2026-10-25 02:00 +01:00".
    std::string label;

    auto operator<=>(const Slot&) const = default;
};

// The most rows that one query may create.
inline constexpr std::size_t max_slots = 100'000;

// Divides the period at the boundaries of the unit. The first and the last slot may be shorter than
// the unit; all slots together are the period. Error over_limit: more than max_slots, or a period
// without begin or end.
[[nodiscard]] Result<std::vector<Slot>> cut_period(const Interval& period, PeriodUnit unit,
                                                   const Zone& zone);

// "2026-11-01 00:00 to 2026-12-01 12:00 (Europe/Vienna)". A period that is exactly one unit has its
// name: "2026-11 (…)", "2026-11-21 (…)". Without begin: "until …", without end: "since …", without
// both: "all time".
[[nodiscard]] std::string period_text(const Interval& period, const Zone& zone);

}  // namespace octroi
