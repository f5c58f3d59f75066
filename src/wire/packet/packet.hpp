// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

// Decodes one captured frame into a flow key and the octets of layer 3 to charge.
//
// Pure: no I/O, no clock, no allocation, no state; from any thread. Never reads outside the
// captured octets. Uses only what the frame states; nothing is inferred from other frames.
//
// No packet is longer than its frame. An IP header that states more octets than the frame has on
// the wire after what stands before that header makes the frame malformed: anybody on a segment can
// send such headers. How much of the frame was captured does not matter.
//
// The outermost IP packet counts: for a tunnel (GRE, IP in IP, VXLAN, ESP) that is the outer
// packet. Headers before it (VLAN tags, PPPoE, MPLS labels) are skipped.

#include <array>
#include <bit>
#include <cstddef>
#include <cstdint>
#include <cstring>
#include <string_view>
#include <type_traits>

#include "base/address.hpp"
#include "base/byte_cursor.hpp"

namespace octroi::packet {

// The header that a frame begins with. Values: the LINKTYPE_ registry of the pcap file format
// (https://www.tcpdump.org/linktypes.html). A variable of this type may have any 16-bit value.
enum class LinkType : std::uint16_t {
    null = 0,                  // BSD loopback: 4 octets of address family or ethertype
    ethernet = 1,              //
    token_ring = 6,            // IEEE 802.5
    arcnet_bsd = 7,            //
    ppp = 9,                   // with or without HDLC framing
    fddi = 10,                 //
    raw_bsd = 12,              // DLT_RAW of most systems; some files contain it
    raw_openbsd = 14,          // DLT_RAW of OpenBSD
    ppp_hdlc = 50,             // PPP in HDLC-like framing (RFC 1662) or Cisco HDLC
    ppp_ether = 51,            // PPPoE session, from its own header on
    atm_rfc1483 = 100,         // LLC
    raw = 101,                 // IP, version by its first nibble
    cisco_hdlc = 104,          //
    wireless = 105,            // IEEE 802.11
    frame_relay = 107,         // Q.922 address, then RFC 2427 or Cisco's encapsulation
    loop = 108,                // OpenBSD loopback: as null, in network order
    ipsec_log = 109,           // OpenBSD enc: packets of IPsec
    linux_sll = 113,           // Linux cooked, version 1
    pflog = 117,               // packet filter log of the BSDs
    prism = 119,               // Prism header, then 802.11
    fibre_channel = 122,       // RFC 4338
    radiotap = 127,            // radiotap header, then 802.11
    arcnet_linux = 129,        //
    firewire = 138,            // IP over IEEE 1394
    pktap_user2 = 149,         // pktap in files of older macOS; reserved for private use
    avs = 163,                 // AVS header, then 802.11
    ppp_pppd = 166,            // PPP with a direction octet in place of the HDLC address
    ppi = 192,                 // Per-Packet Information, then the link type that it states
    low_rate_with_fcs = 195,   // IEEE 802.15.4: its frames have no IP header as such (RFC 6282)
    ppp_with_direction = 204,  // an octet with the direction, then PPP
    cisco_hdlc_with_direction = 205,
    frame_relay_with_direction = 206,
    mpls = 219,   // MPLS label stack
    ipnet = 226,  // Solaris, between its zones
    ipv4 = 228,
    ipv6 = 229,
    low_rate = 230,    // IEEE 802.15.4 without checksum
    nflog = 239,       // Linux netfilter log
    infiniband = 242,  // IP over InfiniBand (RFC 4391)
    pktap = 258,       // macOS: a header, then the link type that it states
    linux_sll2 = 276,  // Linux cooked, version 2
};

// Whether decode() supports the link type. For other ones decode() returns non_ip for every frame,
// so the caller refuses such a file or interface.
[[nodiscard]] bool is_supported(LinkType link) noexcept;
// "Ethernet", "Linux cooked v1"...; "" for a link type that is not supported.
[[nodiscard]] std::string_view name(LinkType link) noexcept;

// The key of a unidirectional flow: 48 octets without padding, all of them written by decode(), so
// it can be hashed and compared as six words. Fields that do not apply are 0.
//
//   words[0..1]  source address, network order; IPv4 in the first 4 octets, the rest 0
//   words[2..3]  destination address
//   words[4]     sport | dport << 16 | vlan << 32 | inner_vlan << 48
//   words[5]     proto | family << 8 | icmp_type << 16 | icmp_code << 24 | interface << 32
//
// Written and read as whole words: a load that is wider than an earlier store to the same octets
// stalls the processor.
struct FlowKey {
    std::array<std::uint64_t, 6> words;

    [[nodiscard]] bool operator==(const FlowKey&) const noexcept = default;

    [[nodiscard]] Address src() const noexcept { return address(0); }
    [[nodiscard]] Address dst() const noexcept { return address(2); }
    [[nodiscard]] std::uint16_t sport() const noexcept { return part<std::uint16_t>(4, 0); }
    [[nodiscard]] std::uint16_t dport() const noexcept { return part<std::uint16_t>(4, 16); }
    // VLAN ids (12 bits) of the outer and the inner tag.
    [[nodiscard]] std::uint16_t vlan() const noexcept { return part<std::uint16_t>(4, 32); }
    [[nodiscard]] std::uint16_t inner_vlan() const noexcept { return part<std::uint16_t>(4, 48); }
    // IANA protocol number; for IPv6 of the header after the extension headers.
    [[nodiscard]] std::uint8_t proto() const noexcept { return part<std::uint8_t>(5, 0); }
    // none if the outcome is not ip: the key then contains only VLAN ids and interface.
    [[nodiscard]] Family family() const noexcept { return Family{part<std::uint8_t>(5, 8)}; }
    [[nodiscard]] std::uint8_t icmp_type() const noexcept { return part<std::uint8_t>(5, 16); }
    [[nodiscard]] std::uint8_t icmp_code() const noexcept { return part<std::uint8_t>(5, 24); }
    // The number that the caller passed to decode().
    [[nodiscard]] std::uint16_t interface() const noexcept { return part<std::uint16_t>(5, 32); }

private:
    template <typename T>
    [[nodiscard]] T part(std::size_t word, unsigned shift) const noexcept {
        return static_cast<T>(words[word] >> shift);
    }
    [[nodiscard]] Address address(std::size_t word) const noexcept {
        Address a;
        std::memcpy(a.octets.data(), &words[word], sizeof a.octets);
        a.family = family();
        return a;
    }
};
static_assert(sizeof(FlowKey) == 48 && std::has_unique_object_representations_v<FlowKey>);
static_assert(alignof(FlowKey) == 8 && std::is_trivially_copyable_v<FlowKey>);

enum class Outcome : std::uint8_t {
    ip,         // an IP packet
    non_ip,     // the frame carries something else: see Packet::ethertype
    malformed,  // the frame claims to carry IP, but the IP header is invalid or not captured whole
};

enum class Fragment : std::uint8_t {
    none,   // a whole packet, or an atomic fragment (RFC 6946)
    first,  // offset 0, more fragments follow; contains the ports
    later,  // offset above 0; has no ports
};

// The direction of a frame, seen from the capturing interface, if the link layer or the capture
// file states it (Linux cooked, PPP of pppd, pcapng).
enum class Direction : std::uint8_t { unknown, in, out };

// decode() writes all fields. Trivial, so an array of them needs no initialization.
struct Packet {
    FlowKey key;
    // The octets to charge. ip: IPv4 total length; IPv6 40 + payload length, or 40 + jumbo length
    // (RFC 2675). If segmentation offload left a length of 0: the wire length less the octets
    // before the IP header. Never more than these. non_ip and malformed: the length of the frame on
    // the wire.
    std::uint64_t bytes;
    // Identification of the IPv4 header or of the IPv6 fragment header; 0 when fragment is none.
    std::uint32_t fragment_id;
    // Offset in the frame of the header with the protocol key.proto(). 0: the outcome is not ip, or
    // the captured octets end before that header.
    std::uint32_t transport;
    // Destination MAC, then source MAC, as on the wire; zero if the link layer has none.
    std::array<std::uint8_t, 12> macs;
    // The ethertype after VLAN tags; below 0x0600 an 802.3 length (LLC). For PPP the protocol
    // number, for null and loop the address family, for Frame Relay the NLPID, for ARCNET the
    // protocol. 0: the link layer has no type.
    std::uint16_t ethertype;
    std::uint8_t tos;        // IPv4 TOS or IPv6 traffic class
    std::uint8_t tcp_flags;  // the low 8 bits of the TCP flags; 0 if not captured
    Outcome outcome;
    Fragment fragment;
    Direction direction;
    // Only for ip: the captured octets end before the ports, the ICMP type, the TCP flags or the
    // end of the chain of IPv6 headers. The missing fields are 0; bytes is correct nevertheless.
    bool truncated;

    [[nodiscard]] Mac dst_mac() const noexcept { return mac(0); }
    [[nodiscard]] Mac src_mac() const noexcept { return mac(6); }

private:
    [[nodiscard]] Mac mac(std::size_t at) const noexcept {
        Mac m;
        std::memcpy(m.octets.data(), macs.data() + at, m.octets.size());
        return m;
    }
};
static_assert(std::is_trivial_v<Packet>);

// The longest frame length that is believed: GSO_MAX_SIZE of Linux (BIG TCP), and the headers
// before IP. Nothing sends longer frames.
inline constexpr std::uint32_t max_frame_length = 524'280 + 1'024;
// For decode(): nobody knows how long the frame was on the wire.
inline constexpr std::uint32_t unknown_frame_length = 0xffff'ffff;
// The longest IP packet without a jumbo payload option: IPv6 with a payload of 65,535 octets.
inline constexpr std::uint32_t max_plain_length = 40 + 65'535;

// The length of a frame on the wire: at least the captured octets. A length beyond max_frame_length
// is not believed; then only the captured octets are known.
[[nodiscard]] constexpr std::uint32_t frame_length(std::size_t captured,
                                                   std::uint32_t wire_length) noexcept {
    const auto seen = static_cast<std::uint32_t>(captured);
    return wire_length > max_frame_length || wire_length < seen ? seen : wire_length;
}

// wire_length: length of the frame on the wire, before the snap length cut it. If it is beyond
// max_frame_length, or unknown_frame_length, an IP packet has the length in its header, of at most
// max_plain_length; other frames are charged with the captured octets. interface: copied into the
// key. Returns out.outcome. For Ethernet in a hot loop see decode_ethernet() in
// packet_fast.hpp.
Outcome decode(LinkType link, ByteSpan captured, std::uint32_t wire_length, Packet& out,
               std::uint16_t interface = 0) noexcept;

}  // namespace octroi::packet
