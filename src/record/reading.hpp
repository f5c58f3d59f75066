// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

// What a meter saw: an interval of time, two ends, a volume, and details. Meters make readings,
// attribution turns them into transfers; neither knows the other.

#include <cstdint>
#include <span>
#include <type_traits>

#include "base/address.hpp"
#include "base/time.hpp"

namespace octroi {

// What kind of thing was counted. Everything but ip is left out of the bill by policy, and goes
// to @excluded/<reason>, so that conservation is a sum over one table.
enum class ReadingKind : std::uint8_t {
    ip = 0,         // IP packets, or a record about them; bytes are layer 3
    non_ip = 1,     // frames that carry no IP: bytes are frame bytes on the wire, ethertype is set
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

// A plain value, copied freely; absent fields are zero or empty. Made by one meter thread, handed
// over in spans that are valid only during the call.
struct Reading {
    // [first, last]: the times of the first and the last packet, both inside the interval.
    UtcTime first;
    UtcTime last;
    std::uint64_t bytes = 0;
    std::uint64_t packets = 0;
    // Flow records begun: 1 in the first reading of a flow, 0 in its continuations.
    std::uint64_t flows = 0;

    Address src;
    Address dst;
    Mac src_mac;
    Mac dst_mac;
    std::uint16_t sport = 0;
    std::uint16_t dport = 0;
    std::uint16_t vlan = 0;        // VLAN id of the outer tag; 0: none
    std::uint16_t inner_vlan = 0;  // of the inner tag (QinQ)
    std::uint16_t ethertype = 0;   // only of non_ip readings; below 0x0600 it is an 802.3 length
    std::uint8_t proto = 0;        // IANA protocol number; in IPv6 the header after the extensions
    std::uint8_t tcp_flags = 0;    // all flags seen, or-ed
    std::uint8_t tos = 0;          // of the first packet
    std::uint8_t icmp_type = 0;    // meaningful when proto is 1 or 58 and fragment is not orphan
    std::uint8_t icmp_code = 0;

    ReadingKind kind = ReadingKind::ip;
    Direction direction = Direction::unknown;
    FragmentState fragment = FragmentState::whole;

    // Index into the meter's list of interfaces plus 1 (Meter::interfaces); 0: unknown.
    std::uint16_t interface = 0;
    // Where it left, of a meter that sees both (a router's flow record): then `interface` is where
    // it came in. The destination is behind it.
    std::uint16_t out_interface = 0;

    // What lets attribution remember its answer for a flow: readings of one meter with the same
    // non-zero flow_slot have the same ends, details and service, as long as fresh is false. fresh:
    // the meter uses this flow_slot for another flow than before. Small, dense numbers from 1; 0:
    // do not remember.
    std::uint32_t flow_slot = 0;
    bool fresh = true;

    // Index into the meter's list of next hops plus 1 (Meter::next_hops): the router that it was
    // sent on to; 0: unknown. (From here on in the order that needs no padding.)
    std::uint16_t next_hop = 0;

    // One packet of so many was counted: bytes and packets are what was counted times this. 0 or 1:
    // all were.
    std::uint32_t sampling = 0;

    // AS numbers of the two ends, as the exporter is set up to give them (origin or peer); 0:
    // unknown.
    std::uint32_t src_as = 0;
    std::uint32_t dst_as = 0;
};
static_assert(std::is_trivially_copyable_v<Reading>);
static_assert(sizeof(Reading) == 128, "two cache lines: readings are copied by the million");

// Where a meter hands over its readings. One call for many readings; the span is the meter's and
// is valid during the call only. Called on the meter's thread.
class ReadingSink {
public:
    virtual ~ReadingSink() = default;
    virtual void accept(std::span<const Reading> readings) = 0;
};

}  // namespace octroi
