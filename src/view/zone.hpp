// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

// Time zones by their IANA names, from the system's tzdata. Local times are for people; whatever is
// stored or handed to a machine is UTC.

#include <string>
#include <string_view>

#include "base/time.hpp"

namespace date {
class time_zone;
}

namespace octroi {

// A day and a time of day as a clock on the wall shows it.
struct LocalTime {
    int year = 1970;
    int month = 1;                   // 1 to 12
    int day = 1;                     // 1 to 31
    std::int64_t second_of_day = 0;  // 0 to 86399

    auto operator<=>(const LocalTime&) const = default;
};

// A cheap value; safe to copy and to use from several threads.
class Zone {
public:
    // "Europe/Vienna", "UTC". invalid: no such zone; the text says where names come from.
    [[nodiscard]] static Result<Zone> find(std::string_view name);
    [[nodiscard]] static Zone utc();
    // What TZ says if it names a zone ("" or unset: what the machine is set to), UTC as the last
    // resort. TZ is the caller's to read.
    [[nodiscard]] static Zone local(std::string_view tz_variable = {});

    [[nodiscard]] std::string name() const;

    // Seconds east of UTC at t.
    [[nodiscard]] std::int64_t offset_seconds(UtcTime t) const;
    // The stretch around t during which the offset does not change.
    [[nodiscard]] Interval same_offset(UtcTime t) const;
    [[nodiscard]] LocalTime at(UtcTime t) const;
    // When clocks show `local`. Where they show it twice: the first time. Where they skip it: the
    // moment of the skip, which is the first moment after it on the clock.
    [[nodiscard]] UtcTime resolve(const LocalTime& local) const;

private:
    explicit Zone(const date::time_zone* zone) : zone_(zone) {}
    const date::time_zone* zone_;
};

// "2026-11-21 13:05" (with_seconds: "13:05:27") as the zone's clocks show it.
[[nodiscard]] std::string local_text(UtcTime t, const Zone& zone, bool with_seconds = false);
// "+01:00", "+00:00"
[[nodiscard]] std::string offset_text(UtcTime t, const Zone& zone);

}  // namespace octroi
