// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

// Generated captures: made from a seed, with a realistic mix of traffic and with known sums.

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

// The sums that a reader must find in the trace.
struct TraceSums {
    std::uint64_t packets = 0;
    std::uint64_t ip_bytes = 0;
    std::uint64_t frame_bytes = 0;
};

// Writes a pcap of Ethernet frames to `path`. If the file exists, it is not written; the returned
// sums are the same. 75 % TCP, 20 % UDP, 5 % ICMP echo; 30 % of the flows IPv6; 20 % in a VLAN; 50
// flows per local host, but at least 50 hosts. 45 % small packets, 15 % medium, 40 % full size. The
// flow of each packet is chosen at random, the worst case for caches. Packets are 6 us apart and
// cross one boundary of five minutes.
[[nodiscard]] Result<TraceSums> make_trace(const std::string& path, const TraceOptions& options);

}  // namespace octroi::bench
