// SPDX-License-Identifier: GPL-3.0-or-later
#include "meter/capture/counters.hpp"

namespace octroi::capture {

std::vector<CounterValue> counter_values(const FrameAggregator& aggregator,
                                         const OtherCounters& other) {
    const PacketTotals& t = aggregator.totals();
    const FlowTable::Counters& flows = aggregator.flows().counters();
    const std::array<std::uint64_t, capture_counters.size()> values = {
        t.frames,
        t.frame_bytes,
        t.ip_packets,
        t.ip_bytes,
        t.v4_packets,
        t.v4_bytes,
        t.v6_packets,
        t.v6_bytes,
        t.non_ip,
        t.malformed,
        t.fragments,
        t.orphans,
        aggregator.fragments().evicted(),
        t.truncated,
        flows.begun,
        flows.expired,
        flows.evicted,
        aggregator.flows().live(),
        other.bad_blocks,
        other.kernel_drops,
        other.interface_drops,
        other.nat_refused,
        other.nat_overruns,
        other.interface_errors,
    };
    std::vector<CounterValue> out;
    for (std::size_t i = 0; i < values.size(); ++i)
        out.push_back({capture_counters[i].name, values[i]});
    return out;
}

}  // namespace octroi::capture
