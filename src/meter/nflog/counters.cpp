// SPDX-License-Identifier: GPL-3.0-or-later
#include "meter/nflog/counters.hpp"

namespace octroi::nflog {

std::vector<CounterValue> counter_values(const capture::FrameAggregator& aggregator,
                                         std::uint64_t lost, std::uint64_t overruns) {
    const capture::PacketTotals& totals = aggregator.totals();
    const std::array<std::uint64_t, nflog_counters.size()> values = {
        totals.frames,
        totals.ip_bytes,
        totals.malformed,
        totals.non_ip,
        aggregator.flows().counters().evicted,
        aggregator.flows().live(),
        lost,
        overruns,
    };
    std::vector<CounterValue> out;
    for (std::size_t i = 0; i < values.size(); ++i)
        out.push_back({nflog_counters[i].name, values[i]});
    return out;
}

}  // namespace octroi::nflog
