// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

// Decodes a message of the kernel's connection tracking: an entry of its table, or an event about
// one (linux/netfilter/nfnetlink_conntrack.h). Pure; never reads outside the message.
//
// decode() reads the addresses only; decode_entry() reads the counters and times too.

#include <cstdint>

#include "base/address.hpp"
#include "base/byte_cursor.hpp"
#include "base/time.hpp"

namespace octroi::conntrack {

// The packets of one direction, as they come in. As in the kernel, the ports of some protocols have
// other values. ICMP: both are the identifier of a query. GRE: the keys of both ends, 0 without
// one. Protocols that the kernel does not know: 0.
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

// What one direction of a connection has carried: IP packets, with their headers, as the kernel
// saw them (a packet that GRO has merged counts as one).
struct Count {
    std::uint64_t bytes = 0;
    std::uint64_t packets = 0;

    auto operator<=>(const Count&) const = default;
};

// Of Entry::status: the kernel removes the connection from its table now. It has sent the event of
// the end, or is about to send it (IPS_DYING of linux/netfilter/nf_conntrack_common.h).
inline constexpr std::uint32_t status_dying = 1U << 9U;

struct Entry {
    Connection connection;
    // Both directions have counters. Connections that began while net.netfilter.nf_conntrack_acct
    // was 0 have none, and never get them.
    bool has_counts = false;
    Count original;
    Count reply;
    // Of the kernel's wall clock; min: not stated (net.netfilter.nf_conntrack_timestamp was 0 when
    // the connection began; it has not ended).
    UtcTime start = UtcTime::min();
    UtcTime stop = UtcTime::min();
    // Equal tuples of two zones are two connections. A zone may apply to one direction only.
    std::uint16_t zone = 0;
    std::uint16_t original_zone = 0;
    std::uint16_t reply_zone = 0;
    std::uint32_t mark = 0;
    std::uint32_t status = 0;         // IPS_ bits of linux/netfilter/nf_conntrack_common.h
    std::uint32_t timeout = 0;        // seconds until the kernel removes it; 0 in events of the end
    std::uint8_t protocol_state = 0;  // of TCP, SCTP or DCCP: the number of the kernel's state
};

// As decode(), with all fields. A counter that is present in a wrong size makes the message
// unusable: false.
[[nodiscard]] bool decode_entry(ByteSpan message, Entry& entry) noexcept;

}  // namespace octroi::conntrack
