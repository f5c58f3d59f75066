// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

// The time stamps that logs have. Each function reads a time stamp at the beginning of `rest` and
// removes it. False: there is none, or it names no moment of the calendar (31 June, 24:00); then
// `rest` and `time` are unchanged. Years 1900 to 2199. A leap second counts as the second before
// it.

#include <array>
#include <cstdint>
#include <string_view>

#include "wire/log/entry.hpp"

namespace octroi::logline {

// The fields of a moment of the local calendar, as they were read.
struct CalendarTime {
    int year = 2000;
    unsigned month = 1;
    unsigned day = 1;
    unsigned hour = 0;
    unsigned minute = 0;
    unsigned second = 0;
    std::uint32_t nanosecond = 0;
};

// False: there is no such moment. Otherwise sets local_ns and `stated`.
[[nodiscard]] bool set_local(const CalendarTime& calendar, LineTime& time) noexcept;

// "Jan" to "Dec": 1 to 12, also in lower or upper case; 0: it is none.
[[nodiscard]] unsigned month_number(std::string_view name) noexcept;

// "29/May/2017:19:02:48 +0000": common log format; the zone may be missing.
[[nodiscard]] bool read_clf_time(std::string_view& rest, LineTime& time) noexcept;
// "2024-12-31T06:56:17.784598+01:00", also with a space, '_' or '-' for the T, with '/' or '.' for
// the
// '-', a comma before the fraction, "Z", "+0100", " +0100", or without a zone; a date alone is not
// enough.
[[nodiscard]] bool read_iso_time(std::string_view& rest, LineTime& time) noexcept;
// "Sep  8 07:46:30", "Sep 8 07:46:30.123456": syslog (RFC 3164), without year and zone.
[[nodiscard]] bool read_syslog_time(std::string_view& rest, LineTime& time) noexcept;
// "Mon Jun  6 18:43:28 2016", "Mon Jun 6 18:43:28.123 2016": asctime().
[[nodiscard]] bool read_asctime(std::string_view& rest, LineTime& time) noexcept;
// "1259844091", "1259844091.407": seconds since 1970 in UTC.
[[nodiscard]] bool read_epoch(std::string_view& rest, LineTime& time) noexcept;
// "@400000004c91b044077a9e94": TAI64N (D. J. Bernstein, libtai), as multilog and tai64n write it:
// 2^62 + 10 seconds more than those since 1970, and nanoseconds.
[[nodiscard]] bool read_tai64n(std::string_view& rest, LineTime& time) noexcept;
// A time stamp as people write them: one of the forms above, "08.09.2020 07:46:30", or the
// milliseconds, microseconds or nanoseconds since 1970 (by the number of digits; a fraction of
// these is left out).
[[nodiscard]] bool read_any_time(std::string_view& rest, LineTime& time) noexcept;

// The time of read_clf_time with a cache: successive lines have the same date.
class ClfClock {
public:
    [[nodiscard]] bool read(std::string_view& rest, LineTime& time) noexcept;

private:
    std::array<char, 12> date_{};  // "29/May/2017:"
    std::int64_t date_ns_ = 0;
};

}  // namespace octroi::logline
