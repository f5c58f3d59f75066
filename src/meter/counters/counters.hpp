// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

// The counters of the meters of this folder. docs/counters.md is made from this table.

#include <array>

#include "record/counter.hpp"

namespace octroi::counters {

inline constexpr std::array<CounterInfo, 11> meter_counters = {{
    {"counters_readings_total", "Readings of all counters."},
    {"counters_read_errors_total", "Readings that failed; the next one has their increase."},
    {"counters_known", "Counters that are followed."},
    {"counters_missing", "Configured counters that did not exist at the last reading."},
    {"counters_resets_total", "Counters that began at 0 again; the end of the old one is a loss."},
    {"counters_wraps_total", "Counters of 32 bits that began at 0 after their highest value."},
    {"counters_gone_total", "Metered counters that disappeared; their end is a loss."},
    {"counters_implausible_total",
     "Increases that no link carries in the time: @excluded/implausible."},
    {"counters_refused_total", "Counters and names beyond the limits; these are not counted."},
    {"counters_pending", "Increases that were read and are still to be handed over."},
    {"counters_wide_addresses",
     "Allowed addresses of WireGuard peers that are too wide for one peer, or too many."},
}};

}  // namespace octroi::counters
