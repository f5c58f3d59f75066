// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

// Moments and lengths of time as plain values. Only host/clock.hpp reads the present time.

#include <compare>
#include <cstdint>
#include <string>
#include <string_view>

#include "base/result.hpp"

namespace octroi {

// A length of time in nanoseconds, signed: up to 292 years. Arithmetic is not checked for overflow.
struct Duration {
    std::int64_t ns = 0;

    constexpr auto operator<=>(const Duration&) const noexcept = default;
    [[nodiscard]] friend constexpr Duration operator+(Duration a, Duration b) noexcept {
        return {a.ns + b.ns};
    }
    [[nodiscard]] friend constexpr Duration operator-(Duration a, Duration b) noexcept {
        return {a.ns - b.ns};
    }
    [[nodiscard]] static constexpr Duration seconds(std::int64_t s) noexcept {
        return {s * 1'000'000'000};
    }
    [[nodiscard]] static constexpr Duration milliseconds(std::int64_t ms) noexcept {
        return {ms * 1'000'000};
    }
    [[nodiscard]] static constexpr Duration minutes(std::int64_t m) noexcept {
        return seconds(m * 60);
    }
    [[nodiscard]] static constexpr Duration hours(std::int64_t h) noexcept {
        return seconds(h * 3600);
    }
};

// A moment: nanoseconds since 1970-01-01T00:00:00Z, without leap seconds. Years 1677 to 2262.
struct UtcTime {
    std::int64_t ns = 0;

    constexpr auto operator<=>(const UtcTime&) const noexcept = default;
    [[nodiscard]] static constexpr UtcTime from_seconds(std::int64_t s) noexcept {
        return {s * 1'000'000'000};
    }
    [[nodiscard]] static constexpr UtcTime min() noexcept { return {INT64_MIN}; }
    [[nodiscard]] static constexpr UtcTime max() noexcept { return {INT64_MAX}; }

    [[nodiscard]] friend constexpr UtcTime operator+(UtcTime t, Duration d) noexcept {
        return {t.ns + d.ns};
    }
    [[nodiscard]] friend constexpr UtcTime operator-(UtcTime t, Duration d) noexcept {
        return {t.ns - d.ns};
    }
    [[nodiscard]] friend constexpr Duration operator-(UtcTime a, UtcTime b) noexcept {
        return {a.ns - b.ns};
    }
};

// Half-open: [begin, end). Empty when end <= begin.
struct Interval {
    UtcTime begin = UtcTime::min();
    UtcTime end = UtcTime::max();

    constexpr auto operator<=>(const Interval&) const noexcept = default;
    [[nodiscard]] constexpr bool contains(UtcTime t) const noexcept {
        return begin <= t && t < end;
    }
    [[nodiscard]] constexpr bool overlaps(const Interval& o) const noexcept {
        return begin < o.end && o.begin < end;
    }
};

// The time resolution of the ledger. Stored numbers of buckets depend on it: do not change it.
inline constexpr Duration bucket_length = Duration::minutes(5);

// The start of the bucket that contains t. Buckets are aligned to 1970, also those before it.
[[nodiscard]] constexpr UtcTime bucket_start(UtcTime t, Duration length = bucket_length) noexcept {
    const std::int64_t rest = t.ns % length.ns;
    return {t.ns - (rest < 0 ? rest + length.ns : rest)};
}

// RFC 3339 in UTC with a Z. fraction_digits: 0 to 9; further digits are cut off, not rounded.
[[nodiscard]] std::string to_rfc3339(UtcTime t, int fraction_digits = 0);
// Accepts RFC 3339 with any zone offset; also a space in place of the T, a time without seconds, a
// time without a zone (then UTC), and a date without a time (midnight UTC). Years 1678 to 2261.
// Error: invalid.
[[nodiscard]] Result<UtcTime> parse_rfc3339(std::string_view text);

// "90s", "5m", "1h30m", "250ms", "7d": numbers with a unit of w, d, h, m, s, ms, us, ns, added up.
// A number without a unit is refused, because the reader could not know which one is meant.
// Error: invalid.
[[nodiscard]] Result<Duration> parse_duration(std::string_view text);
// The same form, exact, largest units first, without weeks: "1h30m". Negative: "-1s".
[[nodiscard]] std::string to_string(Duration d);

}  // namespace octroi
