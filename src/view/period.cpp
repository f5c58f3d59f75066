// SPDX-License-Identifier: GPL-3.0-or-later
#include "view/period.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <cctype>
#include <charconv>
#include <chrono>

#include "base/check.hpp"

namespace octroi {
namespace {

namespace chrono = std::chrono;

constexpr std::int64_t ns_per_second = Duration::seconds(1).ns;
constexpr std::int64_t hour_ns = 3600 * ns_per_second;
// UtcTime covers 1677 to 2262 (base/time.hpp); one year less at both ends.
constexpr int first_year = 1678;
constexpr int last_year = 2261;

struct UnitName {
    PeriodUnit unit;
    std::string_view name;
};
constexpr std::array unit_names{
    UnitName{PeriodUnit::five_minutes, "5min"}, UnitName{PeriodUnit::hour, "hour"},
    UnitName{PeriodUnit::day, "day"},           UnitName{PeriodUnit::week, "week"},
    UnitName{PeriodUnit::month, "month"},       UnitName{PeriodUnit::year, "year"},
};

bool unbounded(UtcTime t) { return t == UtcTime::min() || t == UtcTime::max(); }

chrono::year_month_day date_of(const LocalTime& t) {
    return {chrono::year{t.year}, chrono::month{static_cast<unsigned>(t.month)},
            chrono::day{static_cast<unsigned>(t.day)}};
}

LocalTime midnight(chrono::year_month_day date) {
    return {static_cast<int>(date.year()), static_cast<int>(static_cast<unsigned>(date.month())),
            static_cast<int>(static_cast<unsigned>(date.day())), 0};
}

LocalTime midnight(chrono::sys_days day) { return midnight(chrono::year_month_day{day}); }

chrono::sys_days days_of(const LocalTime& t) { return chrono::sys_days{date_of(t)}; }

// The Monday of the week of that day.
chrono::sys_days monday_of(chrono::sys_days day) {
    return day - (chrono::weekday{day} - chrono::Monday);
}

// The midnight at which a unit begins, and the midnight at which the next one begins.
struct LocalSpan {
    LocalTime begin;
    LocalTime end;
};

LocalSpan local_span(const LocalTime& t, PeriodUnit unit) {
    const auto date = date_of(t);
    const chrono::sys_days day{date};
    switch (unit) {
        case PeriodUnit::five_minutes:
        case PeriodUnit::hour:
            break;  // they do not consist of days: see unit_around
        case PeriodUnit::day:
            return {midnight(day), midnight(day + chrono::days{1})};
        case PeriodUnit::week:
            return {midnight(monday_of(day)), midnight(monday_of(day) + chrono::days{7})};
        case PeriodUnit::month: {
            const auto first = date.year() / date.month() / 1;
            return {midnight(first), midnight(first + chrono::months{1})};
        }
        case PeriodUnit::year: {
            const auto first = date.year() / chrono::January / 1;
            return {midnight(first), midnight(first + chrono::years{1})};
        }
    }
    CHECK(false);
}

Interval hour_around(UtcTime t, const Zone& zone) {
    const Duration offset = Duration::seconds(zone.offset_seconds(t));
    const UtcTime begin = bucket_start(t + offset, {hour_ns}) - offset;
    const Interval constant = zone.same_offset(t);
    return {std::max(begin, constant.begin), std::min(begin + Duration{hour_ns}, constant.end)};
}

// ---- reading ------------------------------------------------------------------------------------

std::string normalised(std::string_view text) {
    while (!text.empty() && text.front() == ' ') text.remove_prefix(1);
    while (!text.empty() && text.back() == ' ') text.remove_suffix(1);
    std::string out(text);
    for (char& c : out) c = static_cast<char>(std::tolower(static_cast<unsigned char>(c)));
    return out;
}

std::unexpected<Error> not_a_period(std::string_view text) {
    return fail(
        ErrorCode::invalid,
        fmt::format("'{}' is not a time; write it as 2026-11-21, 2026-11-21T13:00, 2026-11, "
                    "today, yesterday, 'last month', now or -7d",
                    text));
}

// Exactly `digits` decimal digits.
std::optional<int> number(std::string_view text, std::size_t digits) {
    int value = 0;
    if (text.size() != digits) return std::nullopt;
    for (const char c : text) {
        if (c < '0' || c > '9') return std::nullopt;
        value = value * 10 + (c - '0');
    }
    return value;
}

bool year_fits(int year) { return year >= first_year && year <= last_year; }

// "2026-11-21"; nullopt also for days that do not exist (February 30).
std::optional<LocalTime> parse_date(std::string_view text) {
    if (text.size() != 10 || text[4] != '-' || text[7] != '-') return std::nullopt;
    const auto year = number(text.substr(0, 4), 4);
    const auto month = number(text.substr(5, 2), 2);
    const auto day = number(text.substr(8, 2), 2);
    if (!year || !month || !day || !year_fits(*year)) return std::nullopt;
    const LocalTime date{*year, *month, *day, 0};
    if (!date_of(date).ok()) return std::nullopt;
    return date;
}

Interval whole(const LocalTime& day, PeriodUnit unit, const Zone& zone) {
    const LocalSpan span = local_span(day, unit);
    return {zone.resolve(span.begin), zone.resolve(span.end)};
}

// 2026, 2026-11, 2026-w47, 2026-11-21.
std::optional<Interval> parse_calendar(std::string_view text, const Zone& zone) {
    const auto year = text.size() >= 4 ? number(text.substr(0, 4), 4) : std::nullopt;
    if (!year || !year_fits(*year)) return std::nullopt;
    if (text.size() == 4) return whole({*year, 1, 1, 0}, PeriodUnit::year, zone);
    if (text[4] != '-') return std::nullopt;
    if (text.size() == 7) {
        const auto month = number(text.substr(5), 2);
        if (!month || *month < 1 || *month > 12) return std::nullopt;
        return whole({*year, *month, 1, 0}, PeriodUnit::month, zone);
    }
    if (text.size() == 8 && text[5] == 'w') {
        const auto week = number(text.substr(6), 2);
        if (!week || *week < 1) return std::nullopt;
        // Week 1 is the week that contains January 4 (ISO 8601).
        const auto first = monday_of(chrono::sys_days{chrono::year{*year} / chrono::January / 4});
        const auto next =
            monday_of(chrono::sys_days{chrono::year{*year + 1} / chrono::January / 4});
        const auto monday = first + chrono::days{7 * (*week - 1)};
        if (monday >= next) return std::nullopt;
        return whole(midnight(monday), PeriodUnit::week, zone);
    }
    if (const auto date = parse_date(text)) return whole(*date, PeriodUnit::day, zone);
    return std::nullopt;
}

bool has_offset(std::string_view time_of_day) {
    return time_of_day.find_first_of("zZ+-") != std::string_view::npos;
}

// "2026-11-21t13:05…". A time without an offset is read as UTC first and then moved to the zone.
std::optional<UtcTime> parse_moment(std::string_view text, const Zone& zone) {
    if (text.size() < 16 || (text[10] != 't' && text[10] != ' ')) return std::nullopt;
    const auto date = parse_date(text.substr(0, 10));
    if (!date) return std::nullopt;
    std::string spelled(text);
    // ISO 8601 also allows "+0100" and "+01"; parse_rfc3339 needs "+01:00".
    const std::size_t sign = spelled.find_first_of("+-", 11);
    if (sign != std::string::npos) {
        const std::size_t length = spelled.size() - sign;
        if (length == 3) spelled += ":00";
        if (length == 5) spelled.insert(sign + 3, ":");
    }
    const auto as_utc = parse_rfc3339(spelled);
    if (!as_utc) return std::nullopt;
    if (has_offset(text.substr(11))) return *as_utc;
    const UtcTime day = bucket_start(*as_utc, Duration::hours(24));
    const std::int64_t of_day = (*as_utc - day).ns;
    // A leap second (23:59:60) is read as the next midnight, so the day may differ from `date`.
    LocalTime local = Zone::utc().at(*as_utc);
    local.second_of_day = of_day / ns_per_second;
    return zone.resolve(local) + Duration{of_day % ns_per_second};
}

struct BackUnit {
    std::string_view name;
    std::int64_t seconds = 0;  // exact units
    int days = 0;              // calendar units
};
constexpr std::array back_units{
    BackUnit{"s", 1},        BackUnit{"sec", 1},    BackUnit{"m", 60},      BackUnit{"min", 60},
    BackUnit{"h", 3600},     BackUnit{"d", 0, 1},   BackUnit{"w", 0, 7},    BackUnit{"hour", 3600},
    BackUnit{"hours", 3600}, BackUnit{"day", 0, 1}, BackUnit{"days", 0, 1}, BackUnit{"week", 0, 7},
    BackUnit{"weeks", 0, 7},
};
constexpr std::int64_t max_back_days = 200 * 366;

// "-7d": the same time of day seven days ago. "-12h": exactly twelve hours ago.
std::optional<UtcTime> parse_back(std::string_view text, UtcTime now, const Zone& zone) {
    if (!text.starts_with('-')) return std::nullopt;
    text.remove_prefix(1);
    std::int64_t count = 0;
    const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), count);
    if (error != std::errc{} || count < 0) return std::nullopt;
    text.remove_prefix(static_cast<std::size_t>(end - text.data()));
    while (text.starts_with(' ')) text.remove_prefix(1);
    for (const BackUnit& unit : back_units) {
        if (unit.name != text) continue;
        const std::int64_t per_day = unit.days > 0 ? 1 : 86400 / unit.seconds;
        if (count / per_day > max_back_days) return std::nullopt;
        if (unit.days == 0) return now - Duration::seconds(count * unit.seconds);
        if (count * unit.days > max_back_days) return std::nullopt;
        LocalTime local = zone.at(now);
        const std::int64_t of_day = local.second_of_day;
        local = midnight(days_of(local) - chrono::days{count * unit.days});
        local.second_of_day = of_day;
        const std::int64_t fraction = now.ns - bucket_start(now, Duration::seconds(1)).ns;
        return zone.resolve(local) + Duration{fraction};
    }
    return std::nullopt;
}

std::optional<UtcTime> parse_unix(std::string_view text) {
    if (!text.starts_with('@')) return std::nullopt;
    text.remove_prefix(1);
    std::int64_t seconds = 0;
    const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), seconds);
    // Within first_year and last_year, less the largest offset of a zone.
    constexpr std::int64_t limit = 9'214'000'000;
    if (error != std::errc{} || end != text.data() + text.size()) return std::nullopt;
    if (seconds > limit || seconds < -limit) return std::nullopt;
    return UtcTime::from_seconds(seconds);
}

Interval before(const Interval& unit_now, PeriodUnit unit, const Zone& zone) {
    return unit_around(unit_now.begin - Duration{1}, unit, zone);
}

// today, yesterday, this week, last month, …
std::optional<Interval> parse_named(std::string_view text, UtcTime now, const Zone& zone) {
    if (text == "now") return Interval{now, now};
    const Interval today = unit_around(now, PeriodUnit::day, zone);
    if (text == "today") return today;
    if (text == "yesterday") return before(today, PeriodUnit::day, zone);
    const std::size_t gap = text.find_first_of(" -_");
    if (gap == std::string_view::npos) return std::nullopt;
    const auto unit = parse_period_unit(text.substr(gap + 1));
    if (!unit) return std::nullopt;
    const Interval current = unit_around(now, *unit, zone);
    if (text.substr(0, gap) == "this") return current;
    if (text.substr(0, gap) == "last") return before(current, *unit, zone);
    return std::nullopt;
}

// ---- labels -------------------------------------------------------------------------------------

std::string week_label(chrono::sys_days day) {
    const auto monday = monday_of(day);
    // A week belongs to the year of its Thursday (ISO 8601).
    const auto year = chrono::year_month_day{monday + chrono::days{3}}.year();
    const auto first = monday_of(chrono::sys_days{year / chrono::January / 4});
    return fmt::format("{:04}-W{:02}", static_cast<int>(year), (monday - first).count() / 7 + 1);
}

std::string clock_label(UtcTime begin, const Zone& zone) {
    std::string label = local_text(begin, zone);
    // Does the local clock show the same time once more, just before or after, with another offset?
    const Interval constant = zone.same_offset(begin);
    const auto shown_again = [&](UtcTime t) { return local_text(t, zone) == label; };
    const std::int64_t here = zone.offset_seconds(begin);
    for (const UtcTime edge : {constant.begin, constant.end}) {
        if (unbounded(edge)) continue;
        const UtcTime side = edge == constant.end ? edge : edge - Duration{1};
        const Duration shift = Duration::seconds(here - zone.offset_seconds(side));
        const UtcTime other = begin + shift;
        if (shift.ns != 0 && zone.offset_seconds(other) == zone.offset_seconds(side) &&
            shown_again(other))
            return label + " " + offset_text(begin, zone);
    }
    return label;
}

std::string slot_label(UtcTime begin, PeriodUnit unit, const Zone& zone) {
    const LocalTime t = zone.at(begin);
    switch (unit) {
        case PeriodUnit::five_minutes:
        case PeriodUnit::hour:
            return clock_label(unit_around(begin, unit, zone).begin, zone);
        case PeriodUnit::day:
            return fmt::format("{:04}-{:02}-{:02}", t.year, t.month, t.day);
        case PeriodUnit::week:
            return week_label(days_of(t));
        case PeriodUnit::month:
            return fmt::format("{:04}-{:02}", t.year, t.month);
        case PeriodUnit::year:
            return fmt::format("{:04}", t.year);
    }
    CHECK(false);
}

}  // namespace

std::optional<PeriodUnit> parse_period_unit(std::string_view text) {
    for (const UnitName& u : unit_names)
        if (u.name == text) return u.unit;
    return std::nullopt;
}

std::string_view to_string(PeriodUnit unit) {
    for (const UnitName& u : unit_names)
        if (u.unit == unit) return u.name;
    CHECK(false);
}

Interval unit_around(UtcTime t, PeriodUnit unit, const Zone& zone) {
    if (unit == PeriodUnit::five_minutes) return {bucket_start(t), bucket_start(t) + bucket_length};
    if (unit == PeriodUnit::hour) return hour_around(t, zone);
    Interval around = whole(zone.at(t), unit, zone);
    // If clocks go back over midnight, the old day continues on the clock after the new day has
    // begun. This time belongs to the new day, so that days do not overlap.
    if (t >= around.end) around = whole(zone.at(around.end), unit, zone);
    return around;
}

Result<Interval> parse_interval(std::string_view text, UtcTime now, const Zone& zone) {
    const std::string plain = normalised(text);
    if (const auto named = parse_named(plain, now, zone)) return *named;
    if (const auto calendar = parse_calendar(plain, zone)) return *calendar;
    std::optional<UtcTime> moment = parse_moment(plain, zone);
    if (!moment) moment = parse_back(plain, now, zone);
    if (!moment) moment = parse_unix(plain);
    if (!moment) return not_a_period(text);
    return Interval{*moment, *moment};
}

namespace {

Result<Interval> parse_option(std::string_view option, std::string_view text, UtcTime now,
                              const Zone& zone) {
    auto parsed = parse_interval(text, now, zone);
    if (!parsed) parsed.error().text.insert(0, fmt::format("{}: ", option));
    return parsed;
}

}  // namespace

Result<Interval> parse_period(std::optional<std::string_view> since,
                              std::optional<std::string_view> until, UtcTime now,
                              const Zone& zone) {
    Interval period{UtcTime::min(), now};
    Interval last{now, now};
    if (since) {
        TRY_ASSIGN(const Interval first, parse_option("--since", *since, now, zone));
        period.begin = first.begin;
        // A time with a length means that period, as far as it is over.
        if (first.end > first.begin) period.end = std::min(first.end, now);
    }
    if (until) {
        TRY_ASSIGN(last, parse_option("--until", *until, now, zone));
        period.end = last.begin;
    }
    if (period.begin < period.end) return period;
    if (!until)
        return fail(ErrorCode::invalid, fmt::format("--since {} is not in the past", *since));
    if (!since) return period;  // cannot happen: every time is after the earliest time
    std::string next = "--until must name a later time than --since";
    if (period.begin == period.end && last.end > last.begin)
        next = fmt::format("the period ends where --until begins; to include '{}' write --until {}",
                           *until, local_text(last.end, zone).replace(10, 1, "T"));
    return fail(ErrorCode::invalid,
                fmt::format("the period from '{}' until '{}' is empty; {}", *since, *until, next));
}

Result<std::vector<Slot>> cut_period(const Interval& period, PeriodUnit unit, const Zone& zone) {
    std::vector<Slot> slots;
    UtcTime at = period.begin;
    while (at < period.end) {
        if (slots.size() == max_slots || unbounded(at) || unbounded(period.end))
            return fail(ErrorCode::over_limit,
                        fmt::format("a table by {} of this period would have more than {} rows; "
                                    "choose a shorter period or a longer unit",
                                    to_string(unit), max_slots));
        const Interval around = unit_around(at, unit, zone);
        CHECK(around.end > at);
        const UtcTime end = std::min(around.end, period.end);
        slots.push_back({{at, end}, slot_label(at, unit, zone)});
        at = end;
    }
    return slots;
}

std::string period_text(const Interval& period, const Zone& zone) {
    const std::string in_zone = fmt::format(" ({})", zone.name());
    if (unbounded(period.begin) && unbounded(period.end)) return "all time" + in_zone;
    const auto exact = [&](UtcTime t) {
        return local_text(t, zone, t.ns % (60 * ns_per_second) != 0);
    };
    if (unbounded(period.begin)) return "until " + exact(period.end) + in_zone;
    if (unbounded(period.end)) return "since " + exact(period.begin) + in_zone;
    for (const PeriodUnit unit :
         {PeriodUnit::year, PeriodUnit::month, PeriodUnit::week, PeriodUnit::day})
        if (unit_around(period.begin, unit, zone) == period)
            return slot_label(period.begin, unit, zone) + in_zone;
    return fmt::format("{} to {}{}", exact(period.begin), exact(period.end), in_zone);
}

}  // namespace octroi
