// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

// Periods as people name them, and their cutting into hours, days, weeks and months of a zone. What
// time it is, is the caller's to say.

#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "view/zone.hpp"

namespace octroi {

// A name of a time stands for a stretch [begin, end):
//   now                              the moment (empty stretch)
//   today  yesterday                 a day of the zone
//   this/last hour week month year   weeks begin on Monday (ISO 8601)
//   2026  2026-11  2026-11-21        a year, month or day of the zone
//   2026-W47                         a week (ISO 8601)
//   2026-11-21T13:05[:27[.5]][Z|+01:00]   a moment; without an offset in the zone
//   -7d  -2w  -12h  -90m  -30s       that long before now; days and weeks keep the time of day
//   @1763726400                      seconds since 1970
// Case does not matter; "this-month" and "this month" are the same.
[[nodiscard]] Result<Interval> parse_stretch(std::string_view text, UtcTime now, const Zone& zone);

// --since and --until: from the begin of what `since` names to the begin of what `until` names,
// which is not included ("--since yesterday --until today" is yesterday; "--since 2026-11
// --until 2026-12" is November). No since: since ever. No until: to now. invalid: cannot be read,
// or empty; the text says what would do.
[[nodiscard]] Result<Interval> parse_period(std::optional<std::string_view> since,
                                            std::optional<std::string_view> until, UtcTime now,
                                            const Zone& zone);

enum class PeriodUnit { hour, day, week, month, year };
[[nodiscard]] std::optional<PeriodUnit> parse_period_unit(std::string_view text);
[[nodiscard]] std::string_view to_string(PeriodUnit unit);

// The unit of the zone that holds t. A day may have 23 or 25 hours; an hour is cut where the
// offset changes, so that each hour has one offset.
[[nodiscard]] Interval unit_around(UtcTime t, PeriodUnit unit, const Zone& zone);

struct Slot {
    Interval interval;
    // "2026-11-21 13:00", "2026-11-21", "2026-W47", "2026-11", "2026"; an hour that clocks show
    // twice has its offset: "2026-10-25 02:00 +01:00".
    std::string label;

    auto operator<=>(const Slot&) const = default;
};

// Bounds what one question may ask for.
inline constexpr std::size_t max_slots = 100'000;

// The period cut at the unit's boundaries; the first and last slot may be shorter than the unit,
// and the slots together are the period. over_limit: more than max_slots (also: a period without
// bounds).
[[nodiscard]] Result<std::vector<Slot>> cut_period(const Interval& period, PeriodUnit unit,
                                                   const Zone& zone);

// "2026-11-01 00:00 to 2026-12-01 00:00 (Europe/Vienna)"; names a whole unit ("November 2026 (…)",
// "2026-11-21 (…)") where the period is one; "since ever" for no bound.
[[nodiscard]] std::string period_text(const Interval& period, const Zone& zone);

}  // namespace octroi
