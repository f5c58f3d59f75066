// SPDX-License-Identifier: GPL-3.0-or-later
// Link layers of local networks with wires, beside Ethernet; and the cooked one of Linux.

#include "wire/packet/link_detail.hpp"

namespace octroi::packet::detail {

namespace {

// The packet types of Linux (linux/if_packet.h): 0 to 2 were addressed to this host.
Direction cooked_direction(std::uint16_t packet_type) noexcept {
    constexpr std::uint16_t other_host = 3;
    constexpr std::uint16_t outgoing = 4;
    if (packet_type < other_host) return Direction::in;
    return packet_type == outgoing ? Direction::out : Direction::unknown;
}

Outcome cooked(Work& work, std::uint16_t packet_type, std::uint16_t address_length,
               std::size_t address_at, Position payload) noexcept {
    work.out.direction = cooked_direction(packet_type);
    if (address_length == 6)
        std::memcpy(work.out.macs.data() + 6, work.frame.data() + address_at, 6);
    return unwrap(work, payload);
}

void copy_macs(Work& work, std::size_t dst_and_src_at) noexcept {
    std::memcpy(work.out.macs.data(), work.frame.data() + dst_and_src_at, work.out.macs.size());
}

// ARCNET protocol numbers: RFC 1051 (old, a header without fragments) and RFC 1201.
enum ArcnetProtocol : std::uint8_t {
    arcnet_diagnose = 128,
    arcnet_ipv6 = 196,
    arcnet_ipv4 = 212,
    arcnet_ipv4_old = 240,
    arcnet_arp_old = 241,
};

Outcome by_arcnet_protocol(Work& work, std::uint8_t protocol, std::size_t at) noexcept {
    work.out.ethertype = protocol;
    if (protocol == arcnet_ipv4 || protocol == arcnet_ipv4_old) return any_ipv4(work, at);
    if (protocol == arcnet_ipv6) return any_ipv6(work, at);
    return other(work, Outcome::non_ip);
}

bool is_old_arcnet(std::uint8_t protocol) noexcept {
    return protocol == arcnet_diagnose || protocol == arcnet_ipv4_old || protocol == arcnet_arp_old;
}

}  // namespace

Outcome cooked_v1(Work& work, std::size_t at) noexcept {
    if (!work.has(at, 16)) return other(work, Outcome::non_ip);
    return cooked(work, work.be16(at), work.be16(at + 4), at + 6,
                  layer_at(Layer::typed, at + 16, work.be16(at + 14)));
}

Outcome cooked_v2(Work& work, std::size_t at) noexcept {
    if (!work.has(at, 20)) return other(work, Outcome::non_ip);
    return cooked(work, work.u8(at + 10), work.u8(at + 11), at + 12,
                  layer_at(Layer::typed, at + 20, work.be16(at)));
}

// IEEE 802.5: access control, frame control, addresses; source routing if the first bit of the
// source address says so; LLC.
Outcome token_ring(Work& work, std::size_t at) noexcept {
    constexpr std::size_t header = 14;
    constexpr std::uint8_t routed = 0x80;
    if (!work.has(at, header) || work.u8(at + 1) >> 6U != 1) return other(work, Outcome::non_ip);
    copy_macs(work, at + 2);
    work.out.macs[6] &= static_cast<std::uint8_t>(~routed);
    std::size_t next = at + header;
    if ((work.u8(at + 8) & routed) != 0) {
        if (!work.has(next, 2)) return other(work, Outcome::non_ip);
        next += work.u8(next) & 0x1fU;
    }
    return unwrap(work, layer_at(Layer::llc, next));
}

// Frame control of an LLC frame, addresses, LLC (RFC 1390).
Outcome fddi(Work& work, std::size_t at) noexcept {
    constexpr std::size_t header = 13;
    const bool is_llc = work.has(at, header) && (work.u8(at) & 0x70U) == 0x50;
    if (!is_llc) return other(work, Outcome::non_ip);
    copy_macs(work, at + 1);
    return unwrap(work, layer_at(Layer::llc, at + header));
}

// Source, destination, protocol; for RFC 1201 also split flag and sequence number. A split flag of
// ff: an exception frame, which repeats these three. A datagram that was split into several frames
// is non_ip: each of them is shorter than the IP header states.
Outcome arcnet_bsd(Work& work, std::size_t at) noexcept {
    constexpr std::size_t old_header = 3;
    constexpr std::size_t new_header = 6;
    constexpr std::size_t exception_header = 10;
    if (!work.has(at, old_header)) return other(work, Outcome::non_ip);
    const std::uint8_t protocol = work.u8(at + 2);
    if (is_old_arcnet(protocol)) return by_arcnet_protocol(work, protocol, at + old_header);
    if (!work.has(at, new_header)) return other(work, Outcome::non_ip);
    const bool exception = work.u8(at + 3) == 0xff;
    if (exception && !work.has(at, exception_header)) return other(work, Outcome::non_ip);
    if (work.u8(at + (exception ? 7U : 3U)) != 0) return other(work, Outcome::non_ip);
    return by_arcnet_protocol(work, protocol, at + (exception ? exception_header : new_header));
}

// As on BSD, with an offset before the protocol and without exception frames. Linux has put split
// datagrams together.
Outcome arcnet_linux(Work& work, std::size_t at) noexcept {
    constexpr std::size_t old_header = 5;
    constexpr std::size_t new_header = 8;
    if (!work.has(at, old_header)) return other(work, Outcome::non_ip);
    const std::uint8_t protocol = work.u8(at + 4);
    return by_arcnet_protocol(work, protocol,
                              at + (is_old_arcnet(protocol) ? old_header : new_header));
}

// RFC 4391, 6: the global route header, an ethertype and two octets of 0.
Outcome infiniband(Work& work, std::size_t at) noexcept {
    constexpr std::size_t route_header = 40;
    if (!work.has(at, route_header + 4)) return other(work, Outcome::non_ip);
    return unwrap(work,
                  layer_at(Layer::typed, at + route_header + 4, work.be16(at + route_header)));
}

// RFC 4338: destination and source, each of 2 octets and a MAC address; LLC.
Outcome fibre_channel(Work& work, std::size_t at) noexcept {
    constexpr std::size_t header = 16;
    if (!work.has(at, header)) return other(work, Outcome::non_ip);
    std::memcpy(work.out.macs.data(), work.frame.data() + at + 2, 6);
    std::memcpy(work.out.macs.data() + 6, work.frame.data() + at + 10, 6);
    return unwrap(work, layer_at(Layer::llc, at + header));
}

// IP over IEEE 1394 as macOS captures it: destination and source of 8 octets, an ethertype.
Outcome firewire(Work& work, std::size_t at) noexcept {
    constexpr std::size_t header = 18;
    if (!work.has(at, header)) return other(work, Outcome::non_ip);
    return unwrap(work, layer_at(Layer::typed, at + header, work.be16(at + 16)));
}

}  // namespace octroi::packet::detail
