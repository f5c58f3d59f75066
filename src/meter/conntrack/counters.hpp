// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

// The counters of conntrack meters. docs/counters.md is made from this table.

#include <array>
#include <cstdint>
#include <vector>

#include "record/counter.hpp"

namespace octroi::conntrack {

inline constexpr std::array<CounterInfo, 16> tracking_counters = {{
    {"conntrack_connections", "Connections in the table of the meter."},
    {"conntrack_begun_total", "Events of connections that began."},
    {"conntrack_ended_total", "Events of connections that ended."},
    {"conntrack_listed_total", "Entries of the kernel's table that were read."},
    {"conntrack_listings_total", "Times that the kernel's table was read completely."},
    {"conntrack_malformed_total", "Messages of the kernel that cannot be decoded."},
    {"conntrack_overruns_total", "Times that the kernel dropped events."},
    {"conntrack_unseen_ends_total",
     "Connections that ended without an event, and may have carried traffic since they were read."},
    {"conntrack_uncounted_total",
     "Connections without counters: they began while nf_conntrack_acct was 0."},
    {"conntrack_refused_total",
     "Connections beyond connection_limit when they were seen: they count when they end."},
    {"conntrack_replaced_total",
     "Connections with the id and the addresses of an earlier one, the end of which was not seen."},
    {"conntrack_repeated_total", "Events of an end that the kernel sent again."},
    {"conntrack_reset_total", "Counters that another program has set to 0 (conntrack -L -z)."},
    {"conntrack_implausible_total",
     "Readings with more volume than link_speed allows in their time: excluded."},
    {"conntrack_own_bytes_total",
     "Bytes of connections of this machine to its own addresses: in no reading."},
    {"conntrack_other_bytes_total",
     "Bytes of connections that `zones` and `marks` leave out: in no reading."},
}};

struct TrackingCounts {
    std::uint64_t connections = 0;
    std::uint64_t begun = 0;
    std::uint64_t ended = 0;
    std::uint64_t listed = 0;
    std::uint64_t listings = 0;
    std::uint64_t malformed = 0;
    std::uint64_t overruns = 0;
    std::uint64_t unseen_ends = 0;
    std::uint64_t uncounted = 0;
    std::uint64_t refused = 0;
    std::uint64_t replaced = 0;
    std::uint64_t repeated = 0;
    std::uint64_t reset = 0;
    std::uint64_t implausible = 0;
    std::uint64_t own_bytes = 0;
    std::uint64_t other_bytes = 0;
};

// In the order of the table.
[[nodiscard]] std::vector<CounterValue> counter_values(const TrackingCounts& counts);

}  // namespace octroi::conntrack
