// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

// The moments of lines that state no year or no zone. One thread.

#include <optional>
#include <string>
#include <string_view>

#include "base/time.hpp"
#include "host/zone.hpp"
#include "wire/log/entry.hpp"

namespace octroi::logs {

class TimeResolver {
public:
    struct Settings {
        Zone zone = Zone::utc();  // of lines that state none
        // Of the first line that states none. The next years follow when the months begin again.
        std::optional<int> first_year;
        // Without first_year: no line is later than this moment by more than a day. Of a file: when
        // it was changed last; of a log that is followed: the present.
        UtcTime latest;
    };

    explicit TimeResolver(const Settings& settings) : settings_(settings) {}

    // A log that is followed moves this on.
    void set_latest(UtcTime latest) noexcept { settings_.latest = latest; }

    // nullopt: the line states no time, or 29 February in a year that has none. A local time that
    // clocks show twice is the first one.
    [[nodiscard]] std::optional<UtcTime> resolve(const logline::LineTime& time);

    // The year of the last line, for a restart. restore() refuses other octets: corrupt.
    [[nodiscard]] std::string save() const;
    [[nodiscard]] Status restore(std::string_view saved);

private:
    // Local time with its year, nanoseconds. nullopt: 29 February in another year.
    [[nodiscard]] std::optional<std::int64_t> with_year(std::int64_t local_ns);
    [[nodiscard]] std::int64_t offset_ns(std::int64_t local_ns);

    Settings settings_;
    int year_ = 0;  // of the last line that stated none; 0: there was none
    unsigned last_month_ = 0;
    // The offset of the last quarter of an hour: clocks are set at its beginning only.
    std::optional<std::int64_t> known_quarter_;
    std::int64_t known_offset_ns_ = 0;
};

}  // namespace octroi::logs
