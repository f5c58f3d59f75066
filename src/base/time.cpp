// SPDX-License-Identifier: GPL-3.0-or-later
#include "base/time.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <charconv>
#include <chrono>

namespace octroi {
namespace {

constexpr std::int64_t ns_per_second = 1'000'000'000;

// Exactly `count` decimal digits at position `at`.
bool digits(std::string_view text, std::size_t at, std::size_t count, int& value) {
    if (at + count > text.size()) return false;
    value = 0;
    for (const char c : text.substr(at, count)) {
        if (c < '0' || c > '9') return false;
        value = value * 10 + (c - '0');
    }
    return true;
}

std::unexpected<Error> not_a_time(std::string_view text) {
    return fail(
        ErrorCode::invalid,
        fmt::format("'{}' is not a time; write it as 2026-11-21 or 2026-11-21T13:00:00Z", text));
}

// The nanoseconds of ".123456789"; moves `at` past it. Any number of digits is accepted; those
// after the ninth are smaller than a nanosecond and count as 0.
bool parse_fraction(std::string_view text, std::size_t& at, std::int64_t& ns) {
    if (at >= text.size() || text[at] != '.') return true;
    const std::size_t begin = ++at;
    std::int64_t unit = ns_per_second / 10;
    for (; at < text.size() && text[at] >= '0' && text[at] <= '9'; ++at, unit /= 10)
        ns += (text[at] - '0') * unit;
    return at > begin;
}

bool parse_zone(std::string_view text, std::int64_t& offset_seconds) {
    if (text.empty() || text == "Z" || text == "z") return true;
    int h = 0;
    int m = 0;
    if (text.size() != 6 || (text[0] != '+' && text[0] != '-') || text[3] != ':') return false;
    if (!digits(text, 1, 2, h) || !digits(text, 4, 2, m) || h > 23 || m > 59) return false;
    offset_seconds = (text[0] == '-' ? -1 : 1) * (h * 3600 + m * 60);
    return true;
}

struct DurationUnit {
    std::string_view name;
    std::int64_t ns;
};
constexpr std::array duration_units{
    DurationUnit{"w", 7 * 86400 * ns_per_second},
    DurationUnit{"d", 86400 * ns_per_second},
    DurationUnit{"h", 3600 * ns_per_second},
    DurationUnit{"m", 60 * ns_per_second},
    DurationUnit{"s", ns_per_second},
    DurationUnit{"ms", 1'000'000},
    DurationUnit{"us", 1'000},
    DurationUnit{"ns", 1},
};

}  // namespace

std::string to_rfc3339(UtcTime t, int fraction_digits) {
    namespace chrono = std::chrono;
    // Rounded down by hand: chrono::floor<seconds> would multiply back to nanoseconds, which
    // overflows for the second that contains UtcTime::min().
    const std::int64_t rest = t.ns % ns_per_second;
    const std::int64_t seconds = t.ns / ns_per_second - (rest < 0 ? 1 : 0);
    const chrono::sys_seconds when{chrono::seconds{seconds}};
    const auto day = chrono::floor<chrono::days>(when);
    const chrono::year_month_day date{day};
    const chrono::hh_mm_ss clock{when - day};
    std::string text =
        fmt::format("{:04}-{:02}-{:02}T{:02}:{:02}:{:02}", static_cast<int>(date.year()),
                    static_cast<unsigned>(date.month()), static_cast<unsigned>(date.day()),
                    clock.hours().count(), clock.minutes().count(), clock.seconds().count());
    if (fraction_digits > 0) {
        const std::string fraction = fmt::format("{:09}", rest < 0 ? rest + ns_per_second : rest);
        text += '.';
        text += fraction.substr(0, static_cast<std::size_t>(fraction_digits));
    }
    text += 'Z';
    return text;
}

Result<UtcTime> parse_rfc3339(std::string_view text) {
    namespace chrono = std::chrono;
    int y = 0, mo = 0, d = 0, h = 0, mi = 0, s = 0;
    if (!digits(text, 0, 4, y) || !digits(text, 5, 2, mo) || !digits(text, 8, 2, d) ||
        text[4] != '-' || text[7] != '-')
        return not_a_time(text);
    const chrono::year_month_day date{chrono::year{y}, chrono::month{static_cast<unsigned>(mo)},
                                      chrono::day{static_cast<unsigned>(d)}};
    // Whole years within the range of UtcTime, so that the result below cannot overflow.
    if (!date.ok() || y < 1678 || y > 2261) return not_a_time(text);
    std::int64_t ns = 0;
    std::int64_t offset = 0;
    if (text.size() > 10) {
        const bool separated = text[10] == 'T' || text[10] == 't' || text[10] == ' ';
        if (!separated || !digits(text, 11, 2, h) || !digits(text, 14, 2, mi) || text[13] != ':')
            return not_a_time(text);
        std::size_t at = 16;
        if (at < text.size() && text[at] == ':') {
            if (!digits(text, 17, 2, s)) return not_a_time(text);
            at = 19;
        }
        // 60: a leap second (RFC 3339, 5.6). It becomes the first second of the next minute.
        if (h > 23 || mi > 59 || s > 60 || !parse_fraction(text, at, ns) ||
            !parse_zone(text.substr(at), offset))
            return not_a_time(text);
    }
    const std::int64_t days = chrono::sys_days{date}.time_since_epoch().count();
    return UtcTime{(days * 86400 + h * 3600 + mi * 60 + s - offset) * ns_per_second + ns};
}

Result<Duration> parse_duration(std::string_view text) {
    const auto refuse = [&] {
        return fail(ErrorCode::invalid,
                    fmt::format("'{}' is not a duration; write it as 10s, 5m, 1h30m or 7d", text));
    };
    std::string_view rest = text;
    std::int64_t total = 0;
    while (!rest.empty()) {
        std::int64_t count = 0;
        const auto [end, error] = std::from_chars(rest.data(), rest.data() + rest.size(), count);
        if (error != std::errc{} || count < 0) return refuse();
        rest.remove_prefix(static_cast<std::size_t>(end - rest.data()));
        const std::size_t length = std::min(rest.find_first_of("0123456789"), rest.size());
        std::int64_t unit_ns = 0;
        for (const auto& unit : duration_units)
            if (unit.name == rest.substr(0, length)) unit_ns = unit.ns;
        std::int64_t part = 0;
        if (unit_ns == 0 || __builtin_mul_overflow(count, unit_ns, &part) ||
            __builtin_add_overflow(total, part, &total))
            return refuse();
        rest.remove_prefix(length);
    }
    if (text.empty()) return refuse();
    return Duration{total};
}

std::string to_string(Duration d) {
    if (d.ns == 0) return "0s";
    std::string text = d.ns < 0 ? "-" : "";
    // Unsigned, because the magnitude of INT64_MIN does not fit into a signed number.
    std::uint64_t rest =
        d.ns < 0 ? 0 - static_cast<std::uint64_t>(d.ns) : static_cast<std::uint64_t>(d.ns);
    for (const auto& unit : duration_units) {
        const auto unit_ns = static_cast<std::uint64_t>(unit.ns);
        // No weeks: "7d" is easier to compare with "30d" than "1w".
        if (unit.name == "w" || rest < unit_ns) continue;
        text += fmt::format("{}{}", rest / unit_ns, unit.name);
        rest %= unit_ns;
    }
    return text;
}

}  // namespace octroi
