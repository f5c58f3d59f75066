// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

// The moment that a time stamp of a log means. Some state no zone (xferlog), and some neither zone
// nor year (syslog). One object for each log, used on the meter's thread.
//
// - No zone: the configured one. An hour that the clocks show twice is resolved by the order of the
//   lines: once the log has reached its end, and a time stamp goes back by more than order_slack,
//   it is the second one. A time that the clocks skip is that of a clock that was not set yet.
// - No year: the latest one in which the time is not later than a day after the file was modified.

#include <optional>

#include "base/time.hpp"
#include "host/zone.hpp"
#include "wire/log/entry.hpp"

namespace octroi::logs {

class LineTimes {
public:
    // Lines of a log may be out of order by so much: a server may write them when a transfer ends,
    // with the time of its begin.
    static constexpr Duration order_slack = Duration::minutes(30);

    // last: of an earlier run; nullopt: there was none.
    explicit LineTimes(Zone zone, std::optional<UtcTime> last = {}) : zone_(zone), last_(last) {}

    // modified: of the file with the line. A line that states no time has that one. nullopt: the
    // time is not within the years 1678 to 2261.
    [[nodiscard]] std::optional<UtcTime> resolve(const logline::LineTime& time, UtcTime modified);
    // The latest time so far.
    [[nodiscard]] const std::optional<UtcTime>& last() const noexcept { return last_; }
    void resume(std::optional<UtcTime> last) noexcept { last_ = last; }

private:
    [[nodiscard]] std::optional<UtcTime> in_year(const logline::LineTime& time,
                                                 UtcTime modified) const;
    [[nodiscard]] UtcTime in_zone(std::int64_t local_ns) const;

    Zone zone_;
    std::optional<UtcTime> last_;
};

}  // namespace octroi::logs
