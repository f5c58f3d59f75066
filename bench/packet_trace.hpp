// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

// Captures made for measuring: seeded, with a realistic mix, and with their true sums.

#include <cstdint>
#include <string>

#include "base/result.hpp"

namespace octroi::bench {

struct TraceOptions {
    std::uint64_t packets = 10'000'000;
    std::uint32_t flows = 1000;
    std::uint32_t snap_length = 96;
    std::uint64_t seed = 1;
};

// What a reader must find in the trace.
struct TraceSums {
    std::uint64_t packets = 0;
    std::uint64_t ip_bytes = 0;
    std::uint64_t frame_bytes = 0;
};

// Writes a pcap of Ethernet frames to `path`, or leaves it alone if it is there already; the sums
// are the same either way. 75 % TCP, 20 % UDP, 5 % ICMP echo; 30 % of the flows IPv6; 20 % in a
// VLAN; 50 flows for each of our hosts, but at least 50 hosts. 45 % small packets, 15 % middle, 40
// % full size; each packet belongs to a flow chosen evenly, which is what caches like least. 6 us
// apart, over one boundary of five minutes.
[[nodiscard]] Result<TraceSums> make_trace(const std::string& path, const TraceOptions& options);

}  // namespace octroi::bench
