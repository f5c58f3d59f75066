// SPDX-License-Identifier: GPL-3.0-or-later
#include "wire/log/line_time.hpp"

#include <array>
#include <chrono>
#include <cstring>

#include "wire/log/fields.hpp"

namespace octroi::logline {
namespace {

constexpr std::int64_t second_ns = 1'000'000'000;
constexpr int year_min = 1900;
constexpr int year_max = 2199;

// A number of `least` to `most` digits; returns false if there are fewer.
bool read_digits(std::string_view& rest, unsigned least, unsigned most, unsigned& value) noexcept {
    unsigned count = 0;
    unsigned number = 0;
    while (count < most && count < rest.size() && is_digit(rest[count]))
        number = number * 10 + static_cast<unsigned>(rest[count++] - '0');
    if (count < least) return false;
    rest.remove_prefix(count);
    value = number;
    return true;
}

bool skip_char(std::string_view& rest, char c) noexcept {
    if (rest.empty() || rest.front() != c) return false;
    rest.remove_prefix(1);
    return true;
}

// ".784598" or ",784": digits after the ninth are skipped. There may be none.
void read_fraction(std::string_view& rest, CalendarTime& calendar, LineTime& time) noexcept {
    if (rest.size() < 2 || (rest[0] != '.' && rest[0] != ',') || !is_digit(rest[1])) return;
    rest.remove_prefix(1);
    std::uint32_t unit = 100'000'000;
    while (!rest.empty() && is_digit(rest.front())) {
        if (unit > 0) ++time.digits;
        calendar.nanosecond += unit * static_cast<std::uint32_t>(rest.front() - '0');
        unit /= 10;
        rest.remove_prefix(1);
    }
}

// "07:46:30"
bool read_clock(std::string_view& rest, CalendarTime& calendar) noexcept {
    return read_digits(rest, 1, 2, calendar.hour) && skip_char(rest, ':') &&
           read_digits(rest, 2, 2, calendar.minute) && skip_char(rest, ':') &&
           read_digits(rest, 2, 2, calendar.second);
}

// "Z", "UTC", "+0100", "+01:00", "-03": false, if there is none.
bool read_zone(std::string_view& rest, LineTime& time) noexcept {
    std::string_view at = rest;
    if (skip_text(at, "Z") || skip_text(at, "UTC") || skip_text(at, "GMT")) {
        time.has_zone = true;
        time.offset_s = 0;
        rest = at;
        return true;
    }
    if (at.empty() || (at.front() != '+' && at.front() != '-')) return false;
    const int sign = at.front() == '-' ? -1 : 1;
    at.remove_prefix(1);
    unsigned hours = 0;
    unsigned minutes = 0;
    if (!read_digits(at, 2, 2, hours)) return false;
    std::string_view behind = at;
    (void)skip_char(behind, ':');
    if (read_digits(behind, 2, 2, minutes)) at = behind;
    if (hours > 23 || minutes > 59) return false;
    time.has_zone = true;
    time.offset_s = sign * static_cast<std::int32_t>(hours * 3600 + minutes * 60);
    rest = at;
    return true;
}

// "Sep  8"
bool read_month_and_day(std::string_view& rest, CalendarTime& calendar) noexcept {
    calendar.month = month_number(rest.substr(0, 3));
    if (calendar.month == 0) return false;
    rest.remove_prefix(3);
    const std::size_t before = rest.size();
    skip_blanks(rest);
    return rest.size() < before && read_digits(rest, 1, 2, calendar.day);
}

bool is_weekday(std::string_view name) noexcept {
    constexpr std::array<std::string_view, 7> names{"Mon", "Tue", "Wed", "Thu",
                                                    "Fri", "Sat", "Sun"};
    for (const std::string_view each : names)
        if (name == each) return true;
    return false;
}

// Sets `time` and `rest` if the calendar has such a moment.
bool finish(std::string_view at, const CalendarTime& calendar, LineTime read,
            std::string_view& rest, LineTime& time) noexcept {
    if (!set_local(calendar, read)) return false;
    rest = at;
    time = read;
    return true;
}

// "08.09.2020 07:46:30" and "08/09/2020 …": day first, as in most countries.
bool read_day_first(std::string_view& rest, LineTime& time) noexcept {
    std::string_view at = rest;
    CalendarTime calendar;
    LineTime read;
    unsigned year = 0;
    if (!read_digits(at, 2, 2, calendar.day) || at.empty() || at.front() != '.') return false;
    at.remove_prefix(1);
    if (!read_digits(at, 2, 2, calendar.month) || !skip_char(at, '.') ||
        !read_digits(at, 4, 4, year) || !(skip_char(at, ' ') || skip_char(at, 'T')) ||
        !read_clock(at, calendar))
        return false;
    calendar.year = static_cast<int>(year);
    read.has_year = true;
    read_fraction(at, calendar, read);
    (void)read_zone(at, read);
    return finish(at, calendar, read, rest, time);
}

}  // namespace

bool set_local(const CalendarTime& calendar, LineTime& time) noexcept {
    const std::chrono::year_month_day date{std::chrono::year(calendar.year),
                                           std::chrono::month(calendar.month),
                                           std::chrono::day(calendar.day)};
    if (calendar.year < year_min || calendar.year > year_max || !date.ok() || calendar.hour > 23 ||
        calendar.minute > 59 || calendar.second > 60)
        return false;
    const std::int64_t days = std::chrono::sys_days(date).time_since_epoch().count();
    const unsigned second = calendar.second == 60 ? 59 : calendar.second;
    const std::int64_t seconds =
        days * 86'400 + std::int64_t{calendar.hour} * 3600 + calendar.minute * 60 + second;
    time.local_ns = seconds * second_ns + calendar.nanosecond;
    time.stated = true;
    return true;
}

unsigned month_number(std::string_view name) noexcept {
    constexpr std::string_view names = "janfebmaraprmayjunjulaugsepoctnovdec";
    if (name.size() != 3) return 0;
    std::array<char, 3> lower{};
    for (std::size_t i = 0; i < 3; ++i) lower[i] = static_cast<char>(name[i] | 0x20);
    for (std::size_t i = 0; i < 12; ++i)
        if (std::memcmp(names.data() + i * 3, lower.data(), 3) == 0)
            return static_cast<unsigned>(i + 1);
    return 0;
}

bool read_clf_time(std::string_view& rest, LineTime& time) noexcept {
    std::string_view at = rest;
    CalendarTime calendar;
    LineTime read;
    unsigned year = 0;
    if (!read_digits(at, 1, 2, calendar.day) || !skip_char(at, '/')) return false;
    calendar.month = month_number(at.substr(0, 3));
    if (calendar.month == 0) return false;
    at.remove_prefix(3);
    if (!skip_char(at, '/') || !read_digits(at, 4, 4, year) || !skip_char(at, ':') ||
        !read_clock(at, calendar))
        return false;
    calendar.year = static_cast<int>(year);
    read.has_year = true;
    read_fraction(at, calendar, read);
    std::string_view zone = at;
    if (skip_char(zone, ' ') && read_zone(zone, read)) at = zone;
    return finish(at, calendar, read, rest, time);
}

bool read_iso_time(std::string_view& rest, LineTime& time) noexcept {
    std::string_view at = rest;
    CalendarTime calendar;
    LineTime read;
    unsigned year = 0;
    if (!read_digits(at, 4, 4, year) || at.empty()) return false;
    const char separator = at.front();
    if (separator != '-' && separator != '/' && separator != '.') return false;
    at.remove_prefix(1);
    if (!read_digits(at, 2, 2, calendar.month) || !skip_char(at, separator) ||
        !read_digits(at, 2, 2, calendar.day))
        return false;
    if (at.empty() || std::string_view("T _-").find(at.front()) == std::string_view::npos)
        return false;
    at.remove_prefix(1);
    if (!read_clock(at, calendar)) return false;
    calendar.year = static_cast<int>(year);
    read.has_year = true;
    read_fraction(at, calendar, read);
    std::string_view zone = at;
    (void)skip_char(zone, ' ');
    if (read_zone(zone, read)) at = zone;
    return finish(at, calendar, read, rest, time);
}

bool read_syslog_time(std::string_view& rest, LineTime& time) noexcept {
    std::string_view at = rest;
    CalendarTime calendar;
    LineTime read;
    if (!read_month_and_day(at, calendar) || !skip_char(at, ' ')) return false;
    skip_blanks(at);
    // Some daemons and routers add the year.
    unsigned year = 0;
    std::string_view with_year = at;
    if (read_digits(with_year, 4, 4, year) && skip_char(with_year, ' ')) {
        at = with_year;
        calendar.year = static_cast<int>(year);
        read.has_year = true;
    }
    if (!read_clock(at, calendar)) return false;
    read_fraction(at, calendar, read);
    return finish(at, calendar, read, rest, time);
}

bool read_asctime(std::string_view& rest, LineTime& time) noexcept {
    std::string_view at = rest;
    CalendarTime calendar;
    LineTime read;
    unsigned year = 0;
    if (!is_weekday(at.substr(0, 3))) return false;
    at.remove_prefix(3);
    if (!skip_char(at, ' ')) return false;
    skip_blanks(at);
    if (!read_month_and_day(at, calendar) || !skip_char(at, ' ')) return false;
    skip_blanks(at);
    if (!read_clock(at, calendar)) return false;
    read_fraction(at, calendar, read);
    if (!skip_char(at, ' ') || !read_digits(at, 4, 4, year)) return false;
    calendar.year = static_cast<int>(year);
    read.has_year = true;
    return finish(at, calendar, read, rest, time);
}

bool read_epoch(std::string_view& rest, LineTime& time) noexcept {
    std::size_t digits = 0;
    while (digits < rest.size() && is_digit(rest[digits])) ++digits;
    std::uint64_t seconds = 0;
    constexpr std::uint64_t end = 7'258'118'400;  // the year 2200
    if (!parse_number(rest.substr(0, digits), seconds) || seconds >= end) return false;
    std::string_view at = rest.substr(digits);
    CalendarTime fraction;
    LineTime read;
    read_fraction(at, fraction, read);
    read.stated = read.has_year = read.has_zone = true;
    read.local_ns = static_cast<std::int64_t>(seconds) * second_ns + fraction.nanosecond;
    rest = at;
    time = read;
    return true;
}

bool read_tai64n(std::string_view& rest, LineTime& time) noexcept {
    constexpr std::size_t second_digits = 16;
    constexpr std::size_t all_digits = 24;
    constexpr std::uint64_t epoch = (std::uint64_t{1} << 62U) + 10;
    constexpr std::uint64_t end = 7'258'118'400;  // the year 2200
    if (rest.size() < all_digits + 1 || rest.front() != '@') return false;
    const auto read_hex = [](std::string_view text, std::uint64_t& value) {
        const char* const stop = text.data() + text.size();
        const auto [at, error] = std::from_chars(text.data(), stop, value, 16);
        return error == std::errc{} && at == stop;
    };
    std::uint64_t seconds = 0;
    std::uint64_t nanoseconds = 0;
    if (!read_hex(rest.substr(1, second_digits), seconds) ||
        !read_hex(rest.substr(1 + second_digits, all_digits - second_digits), nanoseconds) ||
        seconds < epoch || seconds - epoch >= end ||
        nanoseconds >= static_cast<std::uint64_t>(second_ns))
        return false;
    time = {};
    time.stated = time.has_year = time.has_zone = true;
    time.digits = 9;
    time.local_ns = static_cast<std::int64_t>(seconds - epoch) * second_ns +
                    static_cast<std::int64_t>(nanoseconds);
    rest.remove_prefix(all_digits + 1);
    return true;
}

bool read_any_time(std::string_view& rest, LineTime& time) noexcept {
    if (read_iso_time(rest, time) || read_clf_time(rest, time) || read_asctime(rest, time) ||
        read_syslog_time(rest, time) || read_day_first(rest, time))
        return true;
    std::size_t digits = 0;
    while (digits < rest.size() && is_digit(rest[digits])) ++digits;
    std::string_view behind = rest.substr(digits);
    // Seconds have 9 digits since 1973 and 10 since 2001; shorter numbers are no times.
    if (digits == 9 || digits == 10) return read_epoch(rest, time);
    if (digits < 13 || digits > 19) return false;
    std::uint64_t value = 0;
    if (!parse_number(rest.substr(0, digits), value)) return false;
    // 13 digits: milliseconds, 16: microseconds, 19: nanoseconds, from 2001 to 2286.
    const unsigned fraction = digits < 15 ? 3 : digits < 18 ? 6 : 9;
    for (unsigned i = fraction; i < 9; ++i) value *= 10;
    if (value > INT64_MAX) return false;
    time = {};
    time.stated = time.has_year = time.has_zone = true;
    time.digits = static_cast<std::uint8_t>(fraction);
    time.local_ns = static_cast<std::int64_t>(value);
    // "1646861401523.25": milliseconds with a fraction.
    if (behind.size() > 1 && behind.front() == '.' && is_digit(behind[1])) {
        behind.remove_prefix(1);
        while (!behind.empty() && is_digit(behind.front())) behind.remove_prefix(1);
    }
    rest = behind;
    return true;
}

bool ClfClock::read(std::string_view& rest, LineTime& time) noexcept {
    // "29/May/2017:19:02:48 +0000"
    constexpr std::size_t date_size = std::tuple_size_v<decltype(date_)>;
    constexpr std::size_t whole_size = 26;
    if (rest.size() < whole_size || std::memcmp(rest.data(), date_.data(), date_size) != 0) {
        const std::string_view before = rest;
        if (!read_clf_time(rest, time)) return false;
        if (before.size() - rest.size() == whole_size && before[11] == ':') {
            constexpr std::int64_t day_ns = 86'400 * second_ns;
            std::memcpy(date_.data(), before.data(), date_size);
            date_ns_ = time.local_ns - (time.local_ns % day_ns + day_ns) % day_ns;
        }
        return true;
    }
    const char* const p = rest.data() + date_size;
    const auto two = [p](std::size_t at) {
        const auto high = static_cast<unsigned>(p[at] - '0');
        const auto low = static_cast<unsigned>(p[at + 1] - '0');
        return high > 9 || low > 9 ? 100U : high * 10 + low;
    };
    const unsigned hour = two(0);
    const unsigned minute = two(3);
    const unsigned second = two(6);
    const unsigned zone_hours = two(10);
    const unsigned zone_minutes = two(12);
    const char sign = p[9];
    if (hour > 23 || minute > 59 || second > 59 || zone_hours > 23 || zone_minutes > 59 ||
        p[2] != ':' || p[5] != ':' || p[8] != ' ' || (sign != '+' && sign != '-'))
        return read_clf_time(rest, time);
    time = {};
    time.stated = time.has_year = time.has_zone = true;
    time.offset_s =
        (sign == '-' ? -1 : 1) * static_cast<std::int32_t>(zone_hours * 3600 + zone_minutes * 60);
    time.local_ns = date_ns_ + (std::int64_t{hour} * 3600 + minute * 60 + second) * second_ns;
    rest.remove_prefix(whole_size);
    return true;
}

}  // namespace octroi::logline
