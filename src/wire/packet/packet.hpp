// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

// One frame as it was captured -> who talks to whom, and how many octets of layer 3 that was.
//
// Pure: no I/O, no clock, no allocation, no state; may be called from any thread. Never reads
// outside the captured octets. The frame's own words are all that is used: nothing is guessed.
//
// The outermost IP packet is the one that counts: a tunnel (GRE, IP in IP, VXLAN, ESP) is its
// outer packet. What stands before it (VLAN tags, PPPoE, MPLS labels) is unwrapped.

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

// What the first octet of a frame is. Values: the LINKTYPE_ registry of the pcap file format
// (https://www.tcpdump.org/linktypes.html). Any 16 bit value may stand in a variable of this type.
enum class LinkType : std::uint16_t {
    null = 0,                  // BSD loopback: 4 octets of address family, host order of the writer
    ethernet = 1,              //
    ppp = 9,                   // with or without HDLC framing
    raw_bsd = 12,              // DLT_RAW of most systems, found in files all the same
    raw_openbsd = 14,          // DLT_RAW of OpenBSD
    ppp_hdlc = 50,             // PPP in HDLC-like framing (RFC 1662) or Cisco HDLC
    ppp_ether = 51,            // PPPoE session, from its own header on
    atm_rfc1483 = 100,         // LLC
    raw = 101,                 // IP, version by its first nibble
    cisco_hdlc = 104,          //
    loop = 108,                // OpenBSD loopback: address family in network order
    linux_sll = 113,           // Linux cooked, version 1
    pflog = 117,               // packet filter log of the BSDs
    ppp_pppd = 166,            // PPP with a direction octet in place of the HDLC address
    ppp_with_direction = 204,  // an octet that says the way, then PPP
    mpls = 219,                // MPLS label stack
    ipv4 = 228,
    ipv6 = 229,
    nflog = 239,       // Linux netfilter log
    linux_sll2 = 276,  // Linux cooked, version 2
};

// Whether decode() knows the link type. The caller refuses a file or an interface that has another:
// decode() would call all its frames non_ip.
[[nodiscard]] bool is_supported(LinkType link) noexcept;
// "Ethernet", "Linux cooked v1"...; "" for a link type that is not supported.
[[nodiscard]] std::string_view name(LinkType link) noexcept;

// What tells one unidirectional flow from another: 48 octets without padding, all of them written
// by decode(), so that it may be hashed and compared as six words. Fields that do not apply are 0.
//
//   words[0..1]  source address, network order; IPv4 in the first 4 octets, the rest 0
//   words[2..3]  destination address
//   words[4]     sport | dport << 16 | vlan << 32 | inner_vlan << 48
//   words[5]     proto | family << 8 | icmp_type << 16 | icmp_code << 24 | interface << 32
//
// Written and read as whole words: a narrower store before a wider load stalls the processor.
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
    // IANA protocol number; in IPv6 that of the header after the extension headers.
    [[nodiscard]] std::uint8_t proto() const noexcept { return part<std::uint8_t>(5, 0); }
    // none where the outcome is not ip: then the key holds the VLANs and the interface only.
    [[nodiscard]] Family family() const noexcept { return Family{part<std::uint8_t>(5, 8)}; }
    [[nodiscard]] std::uint8_t icmp_type() const noexcept { return part<std::uint8_t>(5, 16); }
    [[nodiscard]] std::uint8_t icmp_code() const noexcept { return part<std::uint8_t>(5, 24); }
    // As given to decode(): the caller's number of the interface.
    [[nodiscard]] std::uint16_t interface() const noexcept { return part<std::uint16_t>(5, 32); }

    // The same flow with the ports and the ICMP type of another key: how a later fragment gets
    // those of its first one.
    [[nodiscard]] FlowKey with_service_of(const FlowKey& first) const noexcept {
        constexpr std::uint64_t ports = 0xffff'ffffU;
        constexpr std::uint64_t icmp = 0xffff'0000U;
        FlowKey key = *this;
        key.words[4] = (words[4] & ~ports) | (first.words[4] & ports);
        key.words[5] = (words[5] & ~icmp) | (first.words[5] & icmp);
        return key;
    }

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
    non_ip,     // a frame that carries something else: see Packet::ethertype
    malformed,  // says that it carries IP, but has a header that cannot be, or ends before it does
};

enum class Fragment : std::uint8_t {
    none,   // a whole packet, or an atomic fragment (RFC 6946)
    first,  // offset 0 and more to come: has the ports
    later,  // has no ports
};

// Which way a frame went, where the link layer says so (Linux cooked, PPP of pppd).
enum class Way : std::uint8_t { unknown, in, out };

// Written whole by decode(). Trivial, so that a batch of them costs nothing to make.
struct Packet {
    FlowKey key;
    // What is charged. ip: IPv4 total length; IPv6 40 + payload length; 40 + jumbo length (RFC
    // 2675); or, where segmentation offload left a length of 0, the wire length less what stands
    // before the IP header. non_ip and malformed: the frame's length on the wire.
    std::uint64_t bytes;
    // IPv4 identification, or that of the IPv6 fragment header; 0 when fragment is none.
    std::uint32_t fragment_id;
    // Where the header that key.proto() names begins, in octets from the start of the frame; 0
    // where the outcome is not ip or the captured octets end before it.
    std::uint32_t transport;
    // Destination, then source MAC, as on the wire; zero where there are none.
    std::array<std::uint8_t, 12> macs;
    // The type after VLAN tags; below 0x0600 an 802.3 length (LLC). 0 where the link layer has
    // none. For PPP the protocol number, for null/loop the address family.
    std::uint16_t ethertype;
    std::uint8_t tos;        // IPv4 TOS or IPv6 traffic class
    std::uint8_t tcp_flags;  // the low 8 bits of the TCP flags; 0 where they were not captured
    Outcome outcome;
    Fragment fragment;
    Way way;
    // An IP packet whose captured octets end before the ports, the ICMP type, the TCP flags or the
    // end of the header chain: what was not seen is 0. The bytes are right all the same.
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

// wire_length: the frame's length before the snap length cut it. interface goes into the key.
// Returns out.outcome. For Ethernet in a hot loop see decode_ethernet (packet_fast.hpp).
Outcome decode(LinkType link, ByteSpan captured, std::uint32_t wire_length, Packet& out,
               std::uint16_t interface = 0) noexcept;

}  // namespace octroi::packet
