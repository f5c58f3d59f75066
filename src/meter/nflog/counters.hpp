// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

// The counters of packet log meters. docs/counters.md is made from this table.

#include <array>
#include <vector>

#include "meter/capture/frame_aggregator.hpp"
#include "record/counter.hpp"

namespace octroi::nflog {

inline constexpr std::array<CounterInfo, 8> nflog_counters = {{
    {"nflog_packets_total", "Packets that the log gave."},
    {"nflog_ip_bytes_total", "Layer 3 length of these packets."},
    {"nflog_malformed_total", "Packets with an IP header that is invalid or not copied: excluded."},
    {"nflog_non_ip_total", "Logged frames without IP: excluded."},
    {"nflog_flows_evicted_total", "Flows ended early because the flow table was full."},
    {"nflog_flows_live", "Flows in the flow table."},
    {"nflog_lost_total", "Packets that the log numbered and that did not arrive."},
    {"nflog_overruns_total", "Times that the buffer of the socket was full."},
}};

// In the order of the table.
[[nodiscard]] std::vector<CounterValue> counter_values(const capture::FrameAggregator& aggregator,
                                                       std::uint64_t lost, std::uint64_t overruns);

}  // namespace octroi::nflog
