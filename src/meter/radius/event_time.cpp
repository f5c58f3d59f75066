// SPDX-License-Identifier: GPL-3.0-or-later
#include "meter/radius/event_time.hpp"

namespace octroi::radius_meter {

EventTime event_time(const radius::Accounting& accounting, UtcTime received) {
    constexpr Duration ahead_max = Duration::minutes(5);
    const bool is_delay_wrong = accounting.delay > event_age_max;
    const UtcTime latest = is_delay_wrong ? received : received - accounting.delay;
    if (!accounting.event_time) return {latest, is_delay_wrong};
    const UtcTime stated = *accounting.event_time;
    if (stated < latest - event_age_max) return {latest, true};
    if (stated > latest) return {latest, is_delay_wrong || stated - latest > ahead_max};
    return {stated, is_delay_wrong};
}

}  // namespace octroi::radius_meter
