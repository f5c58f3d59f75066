// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

// The network interfaces of this machine (namespace), as the kernel states them.

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "base/address.hpp"

namespace octroi {

// Since the interface exists; layer 2, as in /proc/net/dev and rtnetlink(7) IFLA_STATS64.
struct InterfaceCounters {
    std::uint64_t rx_bytes = 0;
    std::uint64_t rx_packets = 0;
    std::uint64_t rx_dropped = 0;  // and missed: never seen by a capture
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
    Mac mac;  // empty where the link has none
    bool up = false;
    bool loopback = false;
    std::string kind;  // IFLA_INFO_KIND: "veth", "bridge", "bond"…; empty: hardware (also virtio)
    // What `octroi run` meters when nothing is configured: hardware and bonds; where there is
    // neither (a container), any other link of its own. why_not says to people why an interface is
    // left out.
    bool meterable = false;
    std::string why_not;
    std::vector<InterfaceAddress> addresses;
    InterfaceCounters counters;
};

[[nodiscard]] Result<std::vector<Interface>> interfaces();
[[nodiscard]] Result<Interface> interface(const std::string& name);

// Changes with every boot (/proc/sys/kernel/random/boot_id): counters of one boot cannot be
// compared with another's.
[[nodiscard]] Result<std::string> boot_id();

}  // namespace octroi
