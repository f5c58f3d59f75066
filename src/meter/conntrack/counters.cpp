// SPDX-License-Identifier: GPL-3.0-or-later
#include "meter/conntrack/counters.hpp"

namespace octroi::conntrack {

std::vector<CounterValue> counter_values(const TrackingCounts& c) {
    const std::array<std::uint64_t, tracking_counters.size()> values{
        c.connections, c.begun,       c.ended,     c.listed,     c.listings, c.malformed,
        c.overruns,    c.unseen_ends, c.uncounted, c.refused,    c.replaced, c.repeated,
        c.reset,       c.implausible, c.own_bytes, c.other_bytes};
    std::vector<CounterValue> out;
    for (std::size_t i = 0; i < values.size(); ++i)
        out.push_back({tracking_counters.at(i).name, values.at(i)});
    return out;
}

}  // namespace octroi::conntrack
