// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

// One flow record in the same shape for all protocols: NetFlow v1 to v9, IPFIX and sFlow. Decoders
// fill it; meters and `octroi inspect flow` read it.
//
// Values are as the exporter sent them: counts are not multiplied by the sampling rate, times are
// not checked. A field that the exporter did not send is zero and its bit in `fields` is not set.
// "Element n" is information element n of IANA's registry (RFC 7012).

#include <cstdint>
#include <string_view>
#include <type_traits>

#include "base/address.hpp"
#include "base/time.hpp"

namespace octroi::flow {

enum class Protocol : std::uint8_t {
    unknown = 0,
    netflow_v1 = 1,
    netflow_v5 = 5,
    netflow_v7 = 7,
    netflow_v9 = 9,
    ipfix = 10,
    sflow_v5 = 105,
};
// "netflow", "ipfix" or "sflow"; "unknown".
[[nodiscard]] std::string_view name(Protocol protocol) noexcept;
// The version number in its messages: 1, 5, 7, 9, 10; sFlow: 5.
[[nodiscard]] int version(Protocol protocol) noexcept;

// Bits of FlowRecord::fields.
enum class Field : std::uint64_t {
    bytes = 1ULL << 0U,
    packets = 1ULL << 1U,
    flows = 1ULL << 2U,
    first = 1ULL << 3U,
    last = 1ULL << 4U,
    src = 1ULL << 5U,
    dst = 1ULL << 6U,
    sport = 1ULL << 7U,
    dport = 1ULL << 8U,
    proto = 1ULL << 9U,
    tos = 1ULL << 10U,
    tcp_flags = 1ULL << 11U,
    icmp = 1ULL << 12U,  // icmp_type and icmp_code
    vlan = 1ULL << 13U,
    inner_vlan = 1ULL << 14U,
    src_mac = 1ULL << 15U,
    dst_mac = 1ULL << 16U,
    in_if = 1ULL << 17U,
    out_if = 1ULL << 18U,
    src_as = 1ULL << 19U,
    dst_as = 1ULL << 20U,
    src_mask = 1ULL << 21U,
    dst_mask = 1ULL << 22U,
    next_hop = 1ULL << 23U,
    direction = 1ULL << 24U,
    sampling = 1ULL << 25U,
    sampler = 1ULL << 26U,
    nat_src = 1ULL << 27U,
    nat_dst = 1ULL << 28U,
    nat_sport = 1ULL << 29U,
    nat_dport = 1ULL << 30U,
    user = 1ULL << 31U,
    forwarding_status = 1ULL << 32U,
    firewall_event = 1ULL << 33U,
    nat_event = 1ULL << 34U,
    flow_id = 1ULL << 35U,
    frame_bytes = 1ULL << 36U,
    ethertype = 1ULL << 37U,
    port_range = 1ULL << 38U,  // port_first to port_count
    out_bytes = 1ULL << 39U,
    out_packets = 1ULL << 40U,
    section = 1ULL << 41U,
};
[[nodiscard]] constexpr std::uint64_t bit(Field field) noexcept {
    return static_cast<std::uint64_t>(field);
}

// From when the counts of a record count. Only deltas may be summed as they are.
enum class Counting : std::uint8_t {
    delta = 0,  // since the previous record of the flow
    total = 1,  // since the flow began: its next record counts the same octets again
    // Elements 231, 232, 298 and 299, of firewalls: since the previous record in an update of a
    // connection (firewall event 5), since the connection began in the record of its end (event 2).
    connection = 2,
};

// What a record describes. Only `traffic` may become readings.
enum class RecordKind : std::uint8_t {
    traffic = 0,
    event = 1,   // a firewall or NAT event without counts (RFC 8158, NSEL create and deny)
    non_ip = 2,  // an sFlow sample of a frame without IP; `bytes` is the frame's length
};

// What FlowRecord::section begins with.
enum class SectionKind : std::uint8_t {
    none = 0,
    frame = 1,  // an Ethernet frame (element 315, dataLinkFrameSection; 104 of NetFlow-Lite)
    ip = 2,     // an IP header (element 313, ipHeaderPacketSection)
};

struct FlowRecord {
    std::uint64_t fields = 0;  // bits of Field: the fields that are present

    std::uint64_t bytes = 0;    // layer 3 octets; post counters only if there are no others
    std::uint64_t packets = 0;  //
    // Elements 23 and 24 beside other counters. Makers disagree on what they count: the same
    // traffic where it left, or the other direction of the connection.
    std::uint64_t out_bytes = 0;
    std::uint64_t out_packets = 0;
    std::uint64_t flows = 0;  // element 3: flows that were aggregated into this record
    UtcTime first;            // of the first and the last packet, by the exporter's clock
    UtcTime last;
    // 1 in `sampling` packets was counted. 0: not known.
    std::uint64_t sampling = 0;
    std::uint64_t flow_id = 0;  // element 148
    // Layer 2 octets: elements 352 and 353 of a flow; of a sampled packet, the length of its frame
    // on the wire (sFlow, element 312).
    std::uint64_t frame_bytes = 0;
    // Valid as long as the octets of the message:
    std::string_view user;     // element 371 and vendors' own
    std::string_view section;  // octets of a sampled packet: elements 313, 315 and 104

    std::uint32_t in_if = 0;   // ifIndex of 32 bits; sFlow: 0 if the format is not an ifIndex
    std::uint32_t out_if = 0;  //
    std::uint32_t src_as = 0;
    std::uint32_t dst_as = 0;
    std::uint32_t sampler = 0;  // elements 48 and 302; sFlow: the data source

    Address src;
    Address dst;
    Address next_hop;
    Address nat_src;  // after translation (elements 225, 226, 281, 282)
    Address nat_dst;
    Mac src_mac;
    Mac dst_mac;

    std::uint16_t sport = 0;
    std::uint16_t dport = 0;
    std::uint16_t nat_sport = 0;
    std::uint16_t nat_dport = 0;
    // A block of ports (RFC 8158): elements 361 to 364; 0: not stated.
    std::uint16_t port_first = 0;
    std::uint16_t port_last = 0;
    std::uint16_t port_step = 0;
    std::uint16_t port_count = 0;
    std::uint16_t vlan = 0;
    std::uint16_t inner_vlan = 0;
    std::uint16_t ethertype = 0;
    std::uint8_t proto = 0;
    std::uint8_t tos = 0;
    std::uint8_t tcp_flags = 0;
    std::uint8_t icmp_type = 0;
    std::uint8_t icmp_code = 0;
    std::uint8_t src_mask = 0;  // prefix lengths
    std::uint8_t dst_mask = 0;
    std::uint8_t direction = 0;          // element 61: 0 ingress, 1 egress
    std::uint8_t forwarding_status = 0;  // element 89 (RFC 7270); dropped: the top two bits are 2
    std::uint8_t firewall_event = 0;     // element 233
    std::uint8_t nat_event = 0;          // element 230 (RFC 8158)
    Counting counting = Counting::delta;
    RecordKind kind = RecordKind::traffic;
    SectionKind section_kind = SectionKind::none;
    // It states a sampling rate that cannot be right (sampling_rate.hpp): `sampling` is not set.
    bool rate_refused = false;
    // The second of the two records that a biflow (RFC 5103), or initiator and responder counts,
    // become: its ends are exchanged.
    bool reverse = false;
    // `bytes` is what the IP header of a sampled frame states, and no frame length confirms it
    // (packet::LengthDoubt).
    bool doubtful_length = false;

    [[nodiscard]] bool has(Field field) const noexcept { return (fields & bit(field)) != 0; }
};
static_assert(std::is_trivially_copyable_v<FlowRecord>);

}  // namespace octroi::flow
