// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

// When the event of an Accounting-Request was.

#include "base/time.hpp"
#include "wire/radius/accounting.hpp"

namespace octroi::radius_meter {

// A request is not older than that: a longer Acct-Delay-Time, or an Event-Timestamp before, is an
// error of the NAS.
inline constexpr Duration event_age_max = Duration::hours(24);

struct EventTime {
    UtcTime at;
    bool is_corrected = false;  // what the NAS stated cannot be right
};

// Event-Timestamp, not later than the time of receipt minus Acct-Delay-Time, and at most
// event_age_max before it. Without a usable Event-Timestamp: receipt minus delay. A clock of a NAS
// that is a few seconds ahead is no error; more than five minutes count as one.
[[nodiscard]] EventTime event_time(const radius::Accounting& accounting, UtcTime received);

}  // namespace octroi::radius_meter
