// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

// The promise of each meter that sees the traffic of a router: the counter of nftables that it must
// agree with, and how far it may differ. docs/meters-side-by-side.md shows this table.

#include <array>
#include <cstdint>
#include <string_view>

namespace octroi::all_meters {

// Counters of nftables in the router, which the test adds.
enum class Against : std::uint8_t {
    wire,       // IP packets of the host at the interface to it: fragments as they are on the wire
    forwarded,  // IP packets of the host at the hook forward: fragments reassembled
    tracked,    // the same, without ICMP errors
    frames,     // all frames at the interface to the host, with their Ethernet headers
};

// How far the octets may differ where the router translates addresses (NAT). Without NAT: not at
// all.
enum class NatBound : std::uint8_t {
    none,
    icmp_errors,  // by the octets of ICMP errors
};

struct Promise {
    std::string_view meter;  // the kind
    std::string_view layer;
    std::string_view counts;
    std::string_view directions;
    std::string_view exactness;
    std::string_view unseen;
    std::string_view while_down;
    Against against = Against::wire;
    NatBound nat_bound = NatBound::none;
};

inline constexpr std::array promises{
    Promise{.meter = "capture",
            .layer = "3",
            .counts = "packets at the interfaces, segments and fragments as on the wire",
            .directions = "both; a forwarded packet once",
            .exactness = "to the octet, while the ring has no drops; with NAT, ICMP errors can "
                         "count twice",
            .unseen = "packets while the daemon is down, packets that the ring dropped: a loss "
                      "with a bound",
            .while_down = "no",
            .against = Against::wire,
            .nat_bound = NatBound::icmp_errors},
    Promise{.meter = "ebpf",
            .layer = "3",
            .counts = "packets at the interfaces, segments and fragments as on the wire",
            .directions = "both; a forwarded packet once",
            .exactness = "to the octet",
            .unseen = "MAC addresses, VLANs, AS numbers",
            .while_down = "yes",
            .against = Against::wire},
    Promise{.meter = "conntrack",
            .layer = "3",
            .counts = "packets of connections, after reassembly; merged segments are one packet",
            .directions = "both; each connection has two counters",
            .exactness = "to the octet",
            .unseen = "ICMP errors, packets of no connection (invalid, untracked), flows that "
                      "hardware forwards",
            .while_down = "connections that live at the restart; else a loss with a bound",
            .against = Against::tracked},
    Promise{.meter = "nftables",
            .layer = "3",
            .counts = "packets that match a rule, at the hooks input, output and forward; "
                      "reassembled where connections are tracked; merged segments are one packet",
            .directions = "both; in and out of the near end of the rule",
            .exactness = "to the octet",
            .unseen = "packets that an earlier rule dropped, traffic without a rule",
            .while_down = "yes",
            .against = Against::forwarded},
    Promise{.meter = "nflog",
            .layer = "3",
            .counts = "packets that a firewall rule logs; reassembled where connections are "
                      "tracked; merged segments are one packet",
            .directions = "both, as the rule is",
            .exactness = "to the octet, while the buffer has no drops",
            .unseen = "packets without a rule; drops of the buffer: a loss with the number of "
                      "packets",
            .while_down = "no",
            .against = Against::forwarded},
    Promise{.meter = "interfaces",
            .layer = "2",
            .counts = "frames of each interface, with their headers, all protocols",
            .directions = "in and out of the interface",
            .exactness = "to the octet",
            .unseen = "ends, protocols: it knows interfaces only",
            .while_down = "yes",
            .against = Against::frames},
};

}  // namespace octroi::all_meters
