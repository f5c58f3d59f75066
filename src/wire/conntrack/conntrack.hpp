// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

// Decodes a message of the kernel's connection tracking: an entry of its table, or an event about
// one (linux/netfilter/nfnetlink_conntrack.h). Pure; never reads outside the message.

#include <cstdint>

#include "base/address.hpp"
#include "base/byte_cursor.hpp"

namespace octroi::conntrack {

// The packets of one direction, as they come in. ICMP: both ports are the identifier.
struct Tuple {
    Address src;
    Address dst;
    std::uint16_t sport = 0;
    std::uint16_t dport = 0;
    std::uint8_t proto = 0;  // IANA number
    std::uint8_t icmp_type = 0;
    std::uint8_t icmp_code = 0;

    bool operator==(const Tuple&) const = default;
};

// Without NAT the addresses and ports of `reply` are those of `original`, swapped.
struct Connection {
    Tuple original;
    Tuple reply;
    std::uint32_t id = 0;

    [[nodiscard]] bool is_translated() const noexcept {
        return original.src != reply.dst || original.dst != reply.src ||
               original.sport != reply.dport || original.dport != reply.sport;
    }
};

// message: the netlink message from nfgenmsg on, without nlmsghdr. False: it has no two tuples of
// one address family and protocol.
[[nodiscard]] bool decode(ByteSpan message, Connection& connection) noexcept;

}  // namespace octroi::conntrack
