// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

// The counters of capture meters, files and live. The documentation is printed from this table.

#include <array>
#include <vector>

#include "meter/capture/intake.hpp"
#include "record/counter.hpp"

namespace octroi::capture {

inline constexpr std::array<CounterInfo, 22> capture_counters = {{
    {"capture_frames_total", "Frames taken in."},
    {"capture_frame_bytes_total", "Their length on the wire, link layer included."},
    {"capture_ip_packets_total", "Frames that carry an IP packet."},
    {"capture_ip_bytes_total", "Layer 3 length of these packets."},
    {"capture_v4_packets_total", "IPv4 packets."},
    {"capture_v4_bytes_total", "Layer 3 length of the IPv4 packets."},
    {"capture_v6_packets_total", "IPv6 packets."},
    {"capture_v6_bytes_total", "Layer 3 length of the IPv6 packets."},
    {"capture_non_ip_total", "Frames that carry no IP; excluded, by ethertype."},
    {"capture_malformed_total", "Frames whose IP header cannot be believed; excluded."},
    {"capture_fragments_total", "IP fragments, first and later ones."},
    {"capture_fragments_orphan_total", "Later fragments charged to the service 'fragment'."},
    {"capture_fragments_evicted_total",
     "Datagrams forgotten early, for the fragment table was full."},
    {"capture_truncated_total", "IP packets captured too short to tell ports or flags."},
    {"capture_flows_begun_total", "Flows begun."},
    {"capture_flows_expired_total", "Flows put out as idle."},
    {"capture_flows_evicted_total", "Flows put out early, for the flow table was full."},
    {"capture_flows_live", "Flows held at the moment."},
    {"capture_bad_blocks_total",
     "Blocks of a file that cannot be decoded though their frame is whole."},
    {"capture_kernel_drops_total", "Packets the capture lost for want of room in its ring."},
    {"capture_interface_drops_total",
     "Packets the interface dropped before they could be captured."},
    {"capture_interface_errors_total",
     "Times an interface went away or failed while it was metered."},
}};

struct OtherCounters {
    std::uint64_t bad_blocks = 0;
    std::uint64_t kernel_drops = 0;
    std::uint64_t interface_drops = 0;
    std::uint64_t interface_errors = 0;
};

// In the order of the table.
[[nodiscard]] std::vector<CounterValue> counter_values(const Intake& intake,
                                                       const OtherCounters& other);

}  // namespace octroi::capture
