// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

// What a meter saw: an interval of time, two ends, a volume, and details. Meters make readings,
// attribution turns them into transfers; neither knows the other.

#include <cstdint>
#include <type_traits>

#include "base/address.hpp"
#include "base/time.hpp"
#include "record/name.hpp"

namespace octroi {

// What kind of thing was counted. Everything but ip is left out of the bill by policy, and goes
// to @excluded/<reason>, so that conservation is a sum over one table.
enum class ReadingKind : std::uint8_t {
    ip = 0,      // IP packets, or a record about them; bytes are layer 3
    non_ip = 1,  // frames that carry no IP: bytes are frame bytes on the wire, ethertype() is set
    malformed = 2,  // frames whose IP header cannot be believed: frame bytes on the wire
    duplicate = 3,  // IP traffic that the same meter has counted elsewhere already
    dropped = 4,    // IP traffic that the router or firewall did not let through
};

// RFC 6793: stands for any AS number that a field of 16 bits (NetFlow v5) cannot hold: in a reading
// it is none.
inline constexpr std::uint32_t as_trans = 23456;

// Which way the traffic went as seen by the observing interface.
enum class Direction : std::uint8_t { unknown = 0, in = 1, out = 2 };

// Whether the ports say which service a reading belongs to.
enum class FragmentState : std::uint8_t {
    whole = 0,  // ports are those of the packets
    resolved =
        1,  // later fragments, charged to the flow of their first fragment: ports are its ports
    orphan = 2,  // later fragments whose first was not seen, or that are kept separate: no ports
};

// A plain value, copied freely; absent fields are zero or empty. Names are rows of the meter's
// table (record/name.hpp).
struct Reading {
    // [first, last]: the times of the first and the last packet, both inside the interval.
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
    std::uint8_t proto = 0;        // IANA protocol number; in IPv6 the header after the extensions
    std::uint8_t tcp_flags = 0;    // all flags seen, or-ed
    std::uint8_t tos = 0;          // of the first packet
    std::uint8_t icmp_type = 0;    // meaningful when proto is 1 or 58 and fragment is not orphan
    std::uint8_t icmp_code = 0;

    // Bit-fields, so that a reading stays within two cache lines.
    ReadingKind kind : 3 = ReadingKind::ip;
    Direction direction : 2 = Direction::unknown;
    FragmentState fragment : 2 = FragmentState::whole;
    bool fresh : 1 = true;  // see flow_slot

    // Where the packets were observed; of a meter that sees both (a router's flow record) where
    // they came in.
    NameRef interface = no_name;
    // Where they left, of a meter that sees both. The destination is behind it.
    NameRef out_interface = no_name;
    // The router that they were sent on to.
    NameRef next_hop = no_name;
    // User, domain, uid or cgroup of the near end: the source of what came in, the destination of
    // what went out.
    NameRef near_name = no_name;

    // What lets attribution remember its answer for a flow: readings of one meter with the same
    // non-zero flow_slot have the same ends, details and service, as long as fresh is false. fresh:
    // the meter uses this flow_slot for another flow than before. Small, dense numbers from 1; 0:
    // do not remember.
    std::uint32_t flow_slot = 0;

    // Flow records begun: 1 in the first reading of a flow, 0 in its continuations.
    std::uint32_t flows = 0;
    // One packet of so many was counted: bytes and packets are what was counted times this. 0 or 1:
    // all were.
    std::uint32_t sampling = 0;

    // AS numbers of the two ends, as the exporter is set up to give them (origin or peer); 0:
    // unknown.
    std::uint32_t src_as = 0;
    std::uint32_t dst_as = 0;

    // EtherType (IEEE 802) of a non_ip reading, which has no ports; below 0x0600 it is a length.
    [[nodiscard]] std::uint16_t ethertype() const noexcept { return sport; }
    void set_ethertype(std::uint16_t type) noexcept { sport = type; }
};
static_assert(std::is_trivially_copyable_v<Reading>);
static_assert(sizeof(Reading) == 128, "two cache lines: readings are copied by the million");

}  // namespace octroi
