// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

// A reading: what a meter observed of a flow in an interval. Meters make readings, attribution
// turns them into transfers. Neither includes the other.

#include <cstdint>
#include <type_traits>

#include "base/address.hpp"
#include "base/time.hpp"
#include "record/name.hpp"

namespace octroi {

// The kind of traffic. Only `ip` is billed. The others are attributed to @excluded/<reason>, so
// that conservation can be checked by summing one table.
enum class ReadingKind : std::uint8_t {
    ip = 0,           // IP packets, or a record of them; layer 3 bytes
    non_ip = 1,       // frames without IP: frame bytes on the wire, ethertype() is set
    malformed = 2,    // frames with an invalid IP header: frame bytes on the wire
    duplicate = 3,    // IP traffic that the same meter counted elsewhere too
    dropped = 4,      // IP traffic that the router or firewall dropped
    implausible = 5,  // a volume that cannot be right: more than a link carries in the time
    // IP traffic of a near end without a user, which needs none: it is attributed to the account of
    // its address. Without a binding it is excluded.
    no_user_needed = 6,
};

// RFC 6793: replaces AS numbers that do not fit into 16 bits (NetFlow v5). A reading never has it:
// the AS is unknown.
inline constexpr std::uint32_t as_trans = 23456;

// Direction of the traffic at the observing interface.
enum class Direction : std::uint8_t { unknown = 0, in = 1, out = 2 };

// Whether the ports of a reading can be used to find its service.
enum class FragmentState : std::uint8_t {
    whole = 0,     // ports are those of the packets
    resolved = 1,  // later fragments, with the ports of their first fragment
    orphan = 2,    // later fragments without ports: the first was not seen, or they are kept apart
};

// A plain value. Absent fields are zero or empty. A NameRef is a row of the meter's table of names
// (record/name.hpp).
struct Reading {
    // [first, last]: the times of the first and of the last packet.
    UtcTime first;
    UtcTime last;
    std::uint64_t bytes = 0;
    std::uint64_t packets = 0;
    Address src;
    Address dst;
    Mac src_mac;
    Mac dst_mac;
    std::uint16_t sport = 0;
    std::uint16_t dport = 0;
    std::uint16_t vlan = 0;        // VLAN id of the outer tag; 0: none
    std::uint16_t inner_vlan = 0;  // of the inner tag (QinQ)
    std::uint8_t proto = 0;        // IANA number; in IPv6 of the header behind the extensions
    std::uint8_t tcp_flags = 0;    // all flags seen, combined with or
    std::uint8_t tos = 0;          // of the first packet
    std::uint8_t icmp_type = 0;    // valid if proto is 1 or 58 and fragment is not orphan
    std::uint8_t icmp_code = 0;

    // Bit-fields keep a reading within two cache lines.
    ReadingKind kind : 3 = ReadingKind::ip;
    Direction direction : 2 = Direction::unknown;
    FragmentState fragment : 2 = FragmentState::whole;
    bool fresh : 1 = true;  // see flow_slot

    // The observing interface. If the meter knows both (flow record of a router): the interface by
    // which the packets came in.
    NameRef interface = no_name;
    // The interface by which they left, if the meter knows both.
    NameRef out_interface = no_name;
    // The router to which they were forwarded.
    NameRef next_hop = no_name;
    // User, domain, uid or cgroup of the near end: the source of incoming traffic, the destination
    // of outgoing traffic.
    NameRef near_name = no_name;

    // Lets attribution cache its result for a flow: readings of one meter with the same flow_slot
    // have the same ends, details and service until one is fresh. fresh: the meter uses the slot
    // for another flow now. Slots are small, dense numbers from 1; 0: no caching.
    std::uint32_t flow_slot = 0;

    // Flows begun: 1 in the first reading of a flow, 0 in the following ones.
    std::uint32_t flows = 0;
    // Sampling rate 1:n; bytes and packets are the counted ones times n. 0 or 1: not sampled.
    std::uint32_t sampling = 0;

    // AS numbers of the ends (origin or peer, as the exporter is configured); 0: unknown.
    std::uint32_t src_as = 0;
    std::uint32_t dst_as = 0;

    // EtherType (IEEE 802) of a non_ip reading, which has no ports; below 0x0600 it is a length.
    [[nodiscard]] std::uint16_t ethertype() const noexcept { return sport; }
    void set_ethertype(std::uint16_t type) noexcept { sport = type; }
};
static_assert(std::is_trivially_copyable_v<Reading>);
static_assert(sizeof(Reading) == 128, "two cache lines: meters copy millions of readings a second");

}  // namespace octroi
