// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

// Time zones by their IANA names, from the tzdata of the system. Stored times and machine output
// are UTC: local times are shown to people, and read in logs that state no zone.

#include <string>
#include <string_view>

#include "base/time.hpp"

namespace date {
class time_zone;
}

namespace octroi {

// A date and a time of day as a local clock shows them.
struct LocalTime {
    int year = 1970;
    int month = 1;                   // 1 to 12
    int day = 1;                     // 1 to 31
    std::int64_t second_of_day = 0;  // 0 to 86399

    auto operator<=>(const LocalTime&) const = default;
};

// A small value. It can be copied, and used by several threads.
class Zone {
public:
    // "Europe/Vienna", "UTC". Error invalid: there is no such zone; the text says where to find
    // names.
    [[nodiscard]] static Result<Zone> find(std::string_view name);
    [[nodiscard]] static Zone utc();
    // The zone that the variable TZ names; if it names none, the zone of the machine; if that is
    // unknown, UTC. The caller reads TZ.
    [[nodiscard]] static Zone local(std::string_view tz_variable = {});

    [[nodiscard]] std::string name() const;

    // Seconds east of UTC at t.
    [[nodiscard]] std::int64_t offset_seconds(UtcTime t) const;
    // The interval around t in which the offset does not change.
    [[nodiscard]] Interval same_offset(UtcTime t) const;
    [[nodiscard]] LocalTime at(UtcTime t) const;
    // The moment at which clocks show `local`. If they show it twice: the first one. If they skip
    // it: the moment at which they are set forward.
    [[nodiscard]] UtcTime resolve(const LocalTime& local) const;

private:
    explicit Zone(const date::time_zone* zone) : zone_(zone) {}
    const date::time_zone* zone_;
};

}  // namespace octroi
