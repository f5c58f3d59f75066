// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

// Where a meter of connections is, beside its table: a moment up to which nothing is missing that
// is not recorded. What the namespace has carried since then, less the posted volume of the same
// time, bounds a loss (traffic_totals.hpp).

#include <string>
#include <string_view>

#include "base/result.hpp"
#include "meter/conntrack/connection_table.hpp"
#include "meter/conntrack/traffic_totals.hpp"

namespace octroi::conntrack {

struct TrackingPosition {
    UtcTime time = UtcTime::min();  // min: the totals are not known
    TrafficTotals totals;           // then
    // Posted volume of traffic after that moment.
    PostedVolume posted;
    // Of the traffic after that moment: the bound of the losses that are recorded.
    Count recorded;
    UtcTime listed = UtcTime::min();  // when the last complete listing began; min: there was none
    // When the meter started for the first time. While no listing is complete, connections that are
    // older are where it begins.
    UtcTime meter_start;
    // Connections found no place in the table, and may not be in it yet: an unknown connection may
    // be older than the listing.
    bool has_refused = false;
    // There were such connections in the first listing: it may be older than the meter.
    bool has_refused_old = false;

    // An upper bound of the traffic since then that is neither posted nor recorded as a loss;
    // nullopt: it is not known.
    [[nodiscard]] std::optional<Count> unposted(const TrafficTotals& now) const;
};

// What a state file contains.
struct TrackingState {
    std::string generation;  // ConnectionHost::generation()
    TrackingPosition position;
    ConnectionTable table;
};

[[nodiscard]] std::string save(const std::string& generation, const TrackingPosition& position,
                               const ConnectionTable& table);
// Errors: corrupt.
[[nodiscard]] Result<TrackingState> restore_state(std::string_view saved, std::size_t limit);

// Cursor::position: the state file, and when it was written.
struct StateName {
    std::string file;
    UtcTime written;
};
[[nodiscard]] std::string encode(const StateName& name);
// Errors: unsupported (another version of octroi wrote it).
[[nodiscard]] Result<StateName> decode_state_name(std::string_view position);

}  // namespace octroi::conntrack
