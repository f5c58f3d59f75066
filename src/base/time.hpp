// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

// Time as plain values. Nobody but host/ asks what time it is.

#include <compare>
#include <cstdint>
#include <string>
#include <string_view>

#include "base/result.hpp"

namespace octroi {

// A length of time in nanoseconds, signed.
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

// A moment: nanoseconds since 1970-01-01T00:00:00Z, leap seconds not counted. 1677 to 2262.
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

// The ledger's base bucket.
inline constexpr Duration bucket_length = Duration::minutes(5);

// The start of the bucket of that length which holds t (also before 1970).
[[nodiscard]] constexpr UtcTime bucket_start(UtcTime t, Duration length = bucket_length) noexcept {
    const std::int64_t rest = t.ns % length.ns;
    return {t.ns - (rest < 0 ? rest + length.ns : rest)};
}

// RFC 3339 in UTC with a Z. fraction_digits: 0 to 9; text is cut, not rounded.
[[nodiscard]] std::string to_rfc3339(UtcTime t, int fraction_digits = 0);
// Accepts RFC 3339 with any zone offset, a space for the T, a date alone (midnight UTC), no zone
// (UTC).
[[nodiscard]] Result<UtcTime> parse_rfc3339(std::string_view text);

// "90s", "5m", "1h30m", "250ms", "7d"; a bare number is refused (no unit).
[[nodiscard]] Result<Duration> parse_duration(std::string_view text);
// The shortest exact form of the above: "1h30m".
[[nodiscard]] std::string to_string(Duration d);

}  // namespace octroi
