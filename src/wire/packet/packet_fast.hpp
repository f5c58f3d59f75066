// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

// decode() for Ethernet, to be inlined into a hot loop. Decodes the common packets itself: at most
// one VLAN tag; IPv4 without options or IPv6 without extension headers; TCP, UDP or ICMP; not
// fragmented; captured up to the TCP flags. All others go to the general decoder. Both give the
// same result for the common packets; packet_fast_test.cpp and the fuzz target compare them.
//
// Speed: nearly all branches go the same way for every packet, except the one between IPv4 and
// IPv6. The VLAN tag and the transport protocol differ from packet to packet, so they are selected
// by arithmetic, not by branches that would be mispredicted.

#include "wire/packet/detail.hpp"
#include "wire/packet/packet.hpp"

namespace octroi::packet {

namespace detail {

// The fields that a transport header has.
enum : std::uint8_t { has_ports = 1, has_flags = 2, has_type = 4 };
struct TransportTable {
    std::array<std::uint8_t, 256> v4{};
    std::array<std::uint8_t, 256> v6{};
};
inline constexpr TransportTable transport_table = [] {
    TransportTable t;
    for (auto* family : {&t.v4, &t.v6}) {
        (*family)[protocol::tcp] = has_ports | has_flags;
        (*family)[protocol::udp] = has_ports;
    }
    t.v4[protocol::icmp] = has_type;
    t.v6[protocol::icmpv6] = has_type;
    return t;
}();

// All bits set if `kind` contains `bit`, otherwise 0.
[[nodiscard]] inline std::uint64_t mask_of(std::uint8_t kind, std::uint8_t bit) noexcept {
    return std::uint64_t{0} - static_cast<std::uint64_t>((kind & bit) != 0);
}

// The VLAN ids at their place in words[4] of the key.
struct Tags {
    std::uint64_t word = 0;
};

// Writes the fields that depend on the transport header, which begins at `at`.
inline void fast_transport(const std::byte* frame, std::size_t at, std::uint8_t kind,
                           std::uint8_t proto, Family family, Tags tags, std::uint16_t interface,
                           Packet& out) noexcept {
    std::uint32_t head = 0;
    std::memcpy(&head, frame + at, sizeof head);
    const std::uint32_t dport_sport = __builtin_bswap32(head);  // sport in the upper half
    const std::uint64_t ports = (dport_sport << 16U) | (dport_sport >> 16U);
    const std::uint64_t type_code = head & 0xffffU;
    out.key.words[4] = (ports & mask_of(kind, has_ports)) | tags.word;
    out.key.words[5] = protocol_word(proto, family, 0, 0, interface) |
                       (type_code & mask_of(kind, has_type)) << 16U;
    out.tcp_flags = static_cast<std::uint8_t>(static_cast<std::uint64_t>(frame[at + 13]) &
                                              mask_of(kind, has_flags));
    out.transport = static_cast<std::uint32_t>(at);
    out.fragment_id = 0;
    out.outcome = Outcome::ip;
    out.fragment = Fragment::none;
    out.truncated = false;
}

// Octets of the transport header that must be captured: up to and including the TCP flags.
inline constexpr std::size_t fast_seen = 14;

// Decodes an IPv4 header at `at`. Precondition: 20 + fast_seen octets are captured from there.
// longest_end: no packet ends after this offset. false: not a common packet; `out` is unchanged.
// Writes all fields of `out` except macs, ethertype and direction.
[[nodiscard]] inline bool fast_ipv4(ByteSpan captured, std::size_t at, std::size_t longest_end,
                                    Tags tags, std::uint16_t interface, Packet& out) noexcept {
    // Version 4 without options; neither a fragment offset nor more fragments; a total length that
    // contains everything that is read below, so that padding is not decoded as a header, and that
    // is within the frame. The conditions are joined with & instead of &&: one branch, which is
    // nearly always taken.
    const std::byte* const ip = captured.data() + at;
    const auto proto = static_cast<std::uint8_t>(ip[9]);
    const std::uint8_t kind = transport_table.v4[proto];
    const std::size_t length = load_be16(ip + 2);
    const bool plain = (ip[0] == std::byte{0x45}) & ((load_be16(ip + 6) & 0x3fffU) == 0) &
                       (length >= 20 + fast_seen) & (at + length <= longest_end) & (kind != 0);
    if (!plain) [[unlikely]]
        return false;
    std::uint64_t both = 0;
    std::memcpy(&both, ip + 12, sizeof both);
    out.key.words[0] = both & 0xffff'ffffU;
    out.key.words[1] = 0;
    out.key.words[2] = both >> 32U;
    out.key.words[3] = 0;
    out.bytes = length;
    out.tos = static_cast<std::uint8_t>(ip[1]);
    fast_transport(captured.data(), at + 20, kind, proto, Family::v4, tags, interface, out);
    return true;
}

// The same for IPv6, with 40 + fast_seen octets.
[[nodiscard]] inline bool fast_ipv6(ByteSpan captured, std::size_t at, std::size_t longest_end,
                                    Tags tags, std::uint16_t interface, Packet& out) noexcept {
    const std::byte* const ip = captured.data() + at;
    const auto proto = static_cast<std::uint8_t>(ip[6]);
    const std::uint8_t kind = transport_table.v6[proto];
    const std::size_t payload = load_be16(ip + 4);
    const bool plain = ((ip[0] & std::byte{0xf0}) == std::byte{0x60}) & (payload >= fast_seen) &
                       (at + 40 + payload <= longest_end) & (kind != 0);
    if (!plain) [[unlikely]]
        return false;
    std::memcpy(out.key.words.data(), ip + 8, 32);
    out.bytes = 40 + payload;
    out.tos = static_cast<std::uint8_t>(load_be16(ip) >> 4U);
    fast_transport(captured.data(), at + 40, kind, proto, Family::v6, tags, interface, out);
    return true;
}

}  // namespace detail

inline Outcome decode_ethernet(ByteSpan captured, std::uint32_t wire_length, Packet& out,
                               std::uint16_t interface = 0) noexcept {
    namespace ethertype = detail::ethertype;
    constexpr std::size_t header = 14;
    constexpr std::size_t tag = 4;
    const std::byte* const frame = captured.data();
    if (captured.size() >= header + tag + 20 + detail::fast_seen) [[likely]] {
        // Masks, because compilers make branches of conditions.
        const std::uint64_t tagged =
            std::uint64_t{0} - std::uint64_t{load_be16(frame + 12) == ethertype::vlan};
        const std::size_t at = header + (tag & tagged);
        const std::uint16_t type = load_be16(frame + at - 2);
        const std::uint64_t vlan = load_be16(frame + header) & 0x0fffU & tagged;
        const detail::Tags tags{vlan << 32U};
        bool plain = false;
        if (type == ethertype::ipv4)
            plain = detail::fast_ipv4(captured, at, wire_length, tags, interface, out);
        else if (type == ethertype::ipv6 && captured.size() >= at + 40 + detail::fast_seen)
            plain = detail::fast_ipv6(captured, at, wire_length, tags, interface, out);
        if (plain) [[likely]] {
            std::memcpy(out.macs.data(), frame, 12);
            out.ethertype = type;
            out.direction = Direction::unknown;
            return Outcome::ip;
        }
    }
    return detail::decode_general(LinkType::ethernet, captured, wire_length, out, interface);
}

}  // namespace octroi::packet
