// SPDX-License-Identifier: GPL-3.0-or-later
#include "meter/log/line_times.hpp"

#include <algorithm>
#include <chrono>

namespace octroi::logs {
namespace {

namespace chrono = std::chrono;

constexpr Duration day = Duration::hours(24);
// Within the range of UtcTime, with space for a zone.
constexpr std::int64_t local_max = INT64_MAX - 2 * day.ns;
// Two leap years are at most 8 years apart.
constexpr int years_back = 9;

chrono::year year_of(UtcTime time) {
    const chrono::sys_days days{chrono::floor<chrono::days>(
        chrono::sys_time<chrono::nanoseconds>(chrono::nanoseconds(time.ns)))};
    return chrono::year_month_day(days).year();
}

// A time of the year 2000 in another year; nullopt: that year has no such day.
std::optional<std::int64_t> moved_to(chrono::year year, std::int64_t local_ns) {
    const chrono::sys_time<chrono::nanoseconds> at{chrono::nanoseconds(local_ns)};
    const auto begin_of_day = chrono::floor<chrono::days>(at);
    const chrono::year_month_day date(begin_of_day);
    const chrono::year_month_day moved(year, date.month(), date.day());
    if (!moved.ok()) return std::nullopt;
    const auto result = chrono::sys_time<chrono::nanoseconds>(chrono::sys_days(moved)) +
                        (at - chrono::sys_time<chrono::nanoseconds>(begin_of_day));
    return result.time_since_epoch().count();
}

}  // namespace

std::optional<UtcTime> LineTimes::resolve(const logline::LineTime& time, UtcTime modified) {
    if (!time.stated) return modified;
    if (time.local_ns > local_max || time.local_ns < -local_max) return std::nullopt;
    std::optional<UtcTime> resolved;
    if (!time.has_year)
        resolved = in_year(time, modified);
    else if (time.has_zone)
        resolved = UtcTime{time.local_ns} - Duration::seconds(time.offset_s);
    else
        resolved = in_zone(time.local_ns);
    if (resolved) last_ = std::max(last_.value_or(*resolved), *resolved);
    return resolved;
}

std::optional<UtcTime> LineTimes::in_year(const logline::LineTime& time, UtcTime modified) const {
    const chrono::year latest = year_of(modified + day);
    for (int back = -1; back < years_back; ++back) {
        const auto local = moved_to(latest - chrono::years(back), time.local_ns);
        if (!local) continue;
        const UtcTime at =
            time.has_zone ? UtcTime{*local} - Duration::seconds(time.offset_s) : in_zone(*local);
        if (at <= modified + day) return at;
    }
    return std::nullopt;
}

UtcTime LineTimes::in_zone(std::int64_t local_ns) const {
    const UtcTime local{local_ns};
    // The offsets before and after a change that is near; else they are equal.
    const Duration before = Duration::seconds(zone_.offset_seconds(local - day));
    const Duration after = Duration::seconds(zone_.offset_seconds(local + day));
    const UtcTime first = local - before;
    const UtcTime second = local - after;
    const auto is_shown = [&](UtcTime at, Duration offset) {
        return Duration::seconds(zone_.offset_seconds(at)) == offset;
    };
    const bool is_first_shown = is_shown(first, before);
    if (!is_shown(second, after) || first == second) return first;
    if (!is_first_shown) return second;
    if (!last_) return first;
    const bool is_set_back = *last_ >= zone_.same_offset(second).begin;
    return is_set_back || *last_ - first > order_slack ? second : first;
}

}  // namespace octroi::logs
