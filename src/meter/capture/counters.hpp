// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

// The counters of capture meters, live and of files. docs/counters.md is made from this table.

#include <array>
#include <vector>

#include "meter/capture/frame_aggregator.hpp"
#include "record/counter.hpp"

namespace octroi::capture {

inline constexpr std::array<CounterInfo, 24> capture_counters = {{
    {"capture_frames_total", "Frames on the wire; a merged frame counts as its segments."},
    {"capture_frame_bytes_total", "Length of these frames on the wire, with the link layer."},
    {"capture_ip_packets_total", "Frames with an IP packet."},
    {"capture_ip_bytes_total", "Layer 3 length of these packets."},
    {"capture_v4_packets_total", "IPv4 packets."},
    {"capture_v4_bytes_total", "Layer 3 length of the IPv4 packets."},
    {"capture_v6_packets_total", "IPv6 packets."},
    {"capture_v6_bytes_total", "Layer 3 length of the IPv6 packets."},
    {"capture_non_ip_total", "Frames without IP: excluded, by EtherType."},
    {"capture_malformed_total",
     "Frames with an invalid IP header, or one that states more octets than the frame has: "
     "excluded."},
    {"capture_fragments_total", "IP fragments, first and later ones."},
    {"capture_fragments_orphan_total", "Later fragments counted under the service 'fragment'."},
    {"capture_fragments_evicted_total",
     "Datagrams evicted before their timeout because the fragment table was full."},
    {"capture_truncated_total", "IP packets captured too short to contain ports or flags."},
    {"capture_flows_begun_total", "Flows begun."},
    {"capture_flows_expired_total", "Flows ended because they were idle."},
    {"capture_flows_evicted_total", "Flows ended early because the flow table was full."},
    {"capture_flows_live", "Flows in the flow table."},
    {"capture_bad_blocks_total",
     "Blocks of a file that cannot be decoded, though their length is right."},
    {"capture_kernel_drops_total", "Packets lost because the ring was full."},
    {"capture_interface_drops_total", "Packets that the interface dropped before the capture."},
    {"capture_nat_refused_total",
     "Connections with NAT beyond the limit of 262144 at a time; their packets count twice."},
    {"capture_nat_overruns_total",
     "Times that the kernel dropped events of connections; packets of a new connection with NAT "
     "may have counted twice then."},
    {"capture_interface_errors_total", "Times that a metered interface went away or failed."},
}};

struct OtherCounters {
    std::uint64_t bad_blocks = 0;
    std::uint64_t kernel_drops = 0;
    std::uint64_t interface_drops = 0;
    std::uint64_t nat_refused = 0;
    std::uint64_t nat_overruns = 0;
    std::uint64_t interface_errors = 0;
};

// In the order of the table.
[[nodiscard]] std::vector<CounterValue> counter_values(const FrameAggregator& aggregator,
                                                       const OtherCounters& other);

}  // namespace octroi::capture
