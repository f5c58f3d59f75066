// SPDX-License-Identifier: GPL-3.0-or-later
#include "host/zone.hpp"

#include <date/tz.h>
#include <fmt/format.h>

#include <algorithm>
#include <chrono>
#include <exception>

namespace octroi {
namespace {

namespace chrono = std::chrono;

constexpr std::int64_t seconds_per_day = 86400;
// The first and the last whole second of UtcTime.
constexpr std::int64_t first_second = INT64_MIN / Duration::seconds(1).ns;
constexpr std::int64_t last_second = INT64_MAX / Duration::seconds(1).ns;

date::sys_seconds sys(UtcTime t) {
    const std::int64_t rest = t.ns % Duration::seconds(1).ns;
    return date::sys_seconds{
        chrono::seconds{(t.ns - rest) / Duration::seconds(1).ns - (rest < 0 ? 1 : 0)}};
}

UtcTime utc_time(std::int64_t seconds) {
    if (seconds < first_second) return UtcTime::min();
    if (seconds > last_second) return UtcTime::max();
    return UtcTime::from_seconds(seconds);
}

// The library throws if it finds no zone. Exceptions must not leave this file.
const date::time_zone* located(const std::string& name) noexcept {
    try {
        return date::locate_zone(name);
    } catch (const std::exception&) {
        return nullptr;
    }
}

const date::time_zone* machine_zone() noexcept {
    try {
        return date::current_zone();
    } catch (const std::exception&) {
        return nullptr;
    }
}

// Refuses everything that the library could use as a path.
bool plausible(std::string_view name) {
    return !name.empty() && name.size() < 64 && name.front() != '/' &&
           name.find("..") == std::string_view::npos &&
           std::ranges::all_of(name, [](char c) { return c > ' ' && c < 0x7F; });
}

}  // namespace

Result<Zone> Zone::find(std::string_view name) {
    const auto* zone = plausible(name) ? located(std::string(name)) : nullptr;
    if (zone == nullptr)
        return fail(
            ErrorCode::invalid,
            fmt::format("'{}' is not a time zone; names are those of tzdata, such as UTC or "
                        "Europe/Vienna (timedatectl list-timezones prints them)",
                        name));
    return Zone(zone);
}

Zone Zone::utc() {
    const auto* zone = located("UTC");
    if (zone == nullptr) zone = located("Etc/UTC");
    return Zone(zone);
}

Zone Zone::local(std::string_view tz_variable) {
    if (tz_variable.starts_with(':'))
        tz_variable.remove_prefix(1);  // POSIX: implementation-defined, ":Europe/Vienna" on Linux
    if (plausible(tz_variable))
        if (const auto* zone = located(std::string(tz_variable)); zone != nullptr)
            return Zone(zone);
    const auto* zone = machine_zone();
    return zone != nullptr ? Zone(zone) : utc();
}

// Without tzdata on the machine zone_ is null, and every time is UTC.
std::string Zone::name() const { return zone_ != nullptr ? zone_->name() : "UTC"; }

std::int64_t Zone::offset_seconds(UtcTime t) const {
    return zone_ != nullptr ? zone_->get_info(sys(t)).offset.count() : 0;
}

Interval Zone::same_offset(UtcTime t) const {
    if (zone_ == nullptr) return {};
    const date::sys_info info = zone_->get_info(sys(t));
    return {utc_time(info.begin.time_since_epoch().count()),
            utc_time(info.end.time_since_epoch().count())};
}

LocalTime Zone::at(UtcTime t) const {
    const auto local = sys(t) + chrono::seconds{offset_seconds(t)};
    const auto day = date::floor<date::days>(local);
    const date::year_month_day date{day};
    return {static_cast<int>(date.year()), static_cast<int>(static_cast<unsigned>(date.month())),
            static_cast<int>(static_cast<unsigned>(date.day())), (local - day).count()};
}

UtcTime Zone::resolve(const LocalTime& local) const {
    const date::year_month_day date{date::year{local.year},
                                    date::month{static_cast<unsigned>(local.month)},
                                    date::day{static_cast<unsigned>(local.day)}};
    const std::int64_t seconds =
        date::sys_days{date}.time_since_epoch().count() * seconds_per_day + local.second_of_day;
    if (zone_ == nullptr) return utc_time(seconds);
    const auto info = zone_->get_info(date::local_seconds{chrono::seconds{seconds}});
    if (info.result == date::local_info::nonexistent)
        return utc_time(info.first.end.time_since_epoch().count());
    return utc_time(seconds - info.first.offset.count());
}

}  // namespace octroi
