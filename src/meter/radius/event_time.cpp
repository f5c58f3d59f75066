// SPDX-License-Identifier: GPL-3.0-or-later
#include "meter/radius/event_time.hpp"

namespace octroi::radius_meter {

EventTime event_time(const radius::Accounting& accounting, UtcTime received) {
    // A clock without a battery begins in 1970, or when its software was made.
    constexpr Duration unset_clock_age = Duration::hours(24 * 365);
    if (accounting.delay > event_age_max) return {received - accounting.delay, true, true};
    const UtcTime latest = received - accounting.delay;
    if (!accounting.event_time) return {latest};
    const UtcTime stated = *accounting.event_time;
    if (stated > latest) return {latest, stated - latest > clock_error_max};
    const Duration age = latest - stated;
    if (age > unset_clock_age) return {latest, true};
    return {stated, age > clock_error_max, received - stated > event_age_max};
}

}  // namespace octroi::radius_meter
