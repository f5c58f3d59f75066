// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

// When the event of an Accounting-Request was.

#include "base/time.hpp"
#include "wire/radius/accounting.hpp"

namespace octroi::radius_meter {

// An older request states nothing: its address may have had other holders since.
inline constexpr Duration event_age_max = Duration::hours(24);
// A larger difference between Event-Timestamp and receipt minus Acct-Delay-Time is reported.
inline constexpr Duration clock_error_max = Duration::minutes(5);

struct EventTime {
    UtcTime at;
    // The clock of the NAS differs by more than clock_error_max, or the request was sent again
    // without an Acct-Delay-Time; also if is_too_old.
    bool is_doubtful = false;
    bool is_too_old = false;  // by more than event_age_max
};

// Event-Timestamp, not later than the time of receipt minus Acct-Delay-Time. Receipt minus delay
// without an Event-Timestamp, or with one of more than a year before (a clock that was never set).
[[nodiscard]] EventTime event_time(const radius::Accounting& accounting, UtcTime received);

}  // namespace octroi::radius_meter
