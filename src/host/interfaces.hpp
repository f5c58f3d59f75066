// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

// The network interfaces of this network namespace, from rtnetlink(7).

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "base/address.hpp"
#include "base/result.hpp"

namespace octroi {

// IFLA_STATS64, the source of /proc/net/dev too. Cumulative since the interface was created. Bytes
// are layer 2.
struct InterfaceCounters {
    std::uint64_t rx_bytes = 0;
    std::uint64_t rx_packets = 0;
    std::uint64_t rx_dropped = 0;  // rx_dropped + rx_missed_errors: a capture cannot see these
    std::uint64_t tx_bytes = 0;
    std::uint64_t tx_packets = 0;

    bool operator==(const InterfaceCounters&) const = default;
};

struct InterfaceAddress {
    Address address;
    Prefix network;
};

struct Interface {
    std::string name;
    int index = 0;
    Mac mac;          // empty: the link type has no MAC addresses
    bool up = false;  // IFF_UP
    bool loopback = false;
    std::string kind;  // IFLA_INFO_KIND: "veth", "bridge", "bond"…; empty: hardware (also virtio)
    // Whether `octroi run` meters the interface when nothing is configured: hardware and bonds; if
    // there are none (in a container), also other links that are not ports of another one.
    bool meterable = false;
    std::string excluded_because;  // for people; empty: meterable
    std::vector<InterfaceAddress> addresses;
    InterfaceCounters counters;
    int lower = 0;  // index of the one that a VLAN, MACVLAN or PPPoE interface is on; 0: none here
    // Of a ppp interface for which `lower` is not known: the indexes of those with PPPoE sessions.
    // It is on one of them if is_on_possible_lower is true, else perhaps (host/ppp_lower.hpp).
    std::vector<int> possible_lower;
    bool is_on_possible_lower = false;
    int master = 0;  // index of the bridge or bond that it is a port of; 0: none
    bool bridge_port = false;
    bool forwards_v4 = false;  // packets that come in here are routed (net.ipv4.conf.*.forwarding)
    bool forwards_v6 = false;
    bool uplink_v4 = false;  // a default route leaves here (host/default_routes.hpp)
    bool uplink_v6 = false;
};

// All interfaces, by index.
[[nodiscard]] Result<std::vector<Interface>> interfaces();
// The error for an interface that is not in the list; it names those that are.
[[nodiscard]] std::unexpected<Error> missing_interface(const std::string& name,
                                                       const std::vector<Interface>& present);
// Errors: missing_interface.
[[nodiscard]] Result<Interface> interface(const std::string& name);

// A random text that changes with every boot (/proc/sys/kernel/random/boot_id). Kernel counters
// start from 0 with a boot, so values with different ids must not be subtracted.
[[nodiscard]] Result<std::string> boot_id();

}  // namespace octroi
