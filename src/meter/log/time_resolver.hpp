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

    // nullopt: the line states no time, or 29 February in a year that has none.
    //
    // An hour that clocks show twice is resolved by the order of the lines. It is the second one if
    // the log has a later line than the moment at which the clocks were set back, or one that is
    // more than order_slack behind this one.
    [[nodiscard]] std::optional<UtcTime> resolve(const logline::LineTime& time) {
        if (!time.stated || !time.has_year || !time.has_zone) return resolve_incomplete(time);
        return note(UtcTime{time.local_ns - Duration::seconds(time.offset_s).ns});
    }
    // Lines may be out of order by so much: a server may write them when a transfer ends, with the
    // time of its begin.
    static constexpr Duration order_slack = Duration::minutes(30);

    // The year and the time of the last line, for a restart. restore() refuses other octets:
    // corrupt.
    [[nodiscard]] std::string save() const;
    [[nodiscard]] Status restore(std::string_view saved);

private:
    UtcTime note(UtcTime time) noexcept {
        if (!last_ || *last_ < time) last_ = time;
        return time;
    }
    [[nodiscard]] std::optional<UtcTime> resolve_incomplete(const logline::LineTime& time);
    // Local time with its year, nanoseconds. nullopt: 29 February in another year.
    [[nodiscard]] std::optional<std::int64_t> with_year(std::int64_t local_ns);
    [[nodiscard]] UtcTime in_zone(std::int64_t local_ns);

    // Of a quarter of an hour: clocks are set at its beginning only.
    struct Quarter {
        std::int64_t number = 0;
        std::int64_t offset_ns = 0;
        bool is_shown_twice = false;
        std::int64_t second_offset_ns = 0;
        UtcTime set_back;  // when the second one begins
    };
    [[nodiscard]] Quarter quarter_of(std::int64_t local_ns) const;

    Settings settings_;
    int year_ = 0;  // of the last line that stated none; 0: there was none
    unsigned last_month_ = 0;
    std::optional<Quarter> quarter_;  // of the last line without a zone
    std::optional<UtcTime> last_;     // the latest time so far
};

}  // namespace octroi::logs
