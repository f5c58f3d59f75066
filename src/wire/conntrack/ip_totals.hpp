// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

// Decodes what the IP layer of a network namespace has counted: the texts of /proc/net/snmp and
// /proc/net/netstat (IPv4) and /proc/net/snmp6 (RFC 4293, net/ipv4/proc.c and net/ipv6/proc.c of
// Linux). The counters begin at 0 with the namespace and are never reset. Pure.

#include <cstdint>
#include <optional>
#include <string_view>

#include "wire/conntrack/conntrack.hpp"

namespace octroi::conntrack {

// A packet that GRO has merged, or that is segmented later, counts as one: so does connection
// tracking. Bytes are those of IP packets. Both families together.
struct IpTotals {
    // Each packet that came in, before connection tracking; loopback and untracked ones included.
    Count received;
    // Octets of all packets that left, forwarded ones included. Before Linux 6.6 forwarded ones
    // count twice.
    std::uint64_t sent_bytes = 0;
    // Packets that the machine itself sent, through loopback too.
    std::uint64_t generated_packets = 0;
    // Packets in `received` and `generated_packets` that connection tracking counts for no
    // connection: errors of ICMP, and neighbour and multicast listener discovery.
    std::uint64_t uncounted_packets = 0;

    auto operator<=>(const IpTotals&) const = default;
};

// snmp6: empty where there is no IPv6. nullopt: a counter is not there.
[[nodiscard]] std::optional<IpTotals> decode_ip_totals(std::string_view snmp,
                                                       std::string_view netstat,
                                                       std::string_view snmp6);

}  // namespace octroi::conntrack
