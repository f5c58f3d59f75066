// SPDX-License-Identifier: GPL-3.0-or-later
// The headers of the link types (https://www.tcpdump.org/linktypes.html).

#include <algorithm>
#include <array>

#include "wire/packet/detail.hpp"
#include "wire/packet/packet.hpp"
#include "wire/packet/packet_fast.hpp"

namespace octroi::packet {

namespace {

using detail::Layer;
using detail::other;
using detail::Work;

struct NamedLinkType {
    LinkType link;
    std::string_view name;
};
constexpr std::array known{
    NamedLinkType{LinkType::null, "BSD loopback"},
    NamedLinkType{LinkType::ethernet, "Ethernet"},
    NamedLinkType{LinkType::ppp, "PPP"},
    NamedLinkType{LinkType::raw_bsd, "raw IP"},
    NamedLinkType{LinkType::raw_openbsd, "raw IP"},
    NamedLinkType{LinkType::ppp_hdlc, "PPP in HDLC framing"},
    NamedLinkType{LinkType::ppp_ether, "PPPoE"},
    NamedLinkType{LinkType::atm_rfc1483, "LLC over ATM"},
    NamedLinkType{LinkType::raw, "raw IP"},
    NamedLinkType{LinkType::cisco_hdlc, "Cisco HDLC"},
    NamedLinkType{LinkType::loop, "OpenBSD loopback"},
    NamedLinkType{LinkType::linux_sll, "Linux cooked v1"},
    NamedLinkType{LinkType::pflog, "OpenBSD packet filter log"},
    NamedLinkType{LinkType::ppp_pppd, "PPP of pppd"},
    NamedLinkType{LinkType::ppp_with_direction, "PPP with direction"},
    NamedLinkType{LinkType::mpls, "MPLS"},
    NamedLinkType{LinkType::ipv4, "raw IPv4"},
    NamedLinkType{LinkType::ipv6, "raw IPv6"},
    NamedLinkType{LinkType::nflog, "Linux netfilter log"},
    NamedLinkType{LinkType::linux_sll2, "Linux cooked v2"},
};

// AF_INET6 has a different number on each system; AF_INET is 2 on all of them.
constexpr std::uint32_t af_inet = 2;
bool is_af_inet6(std::uint32_t family) noexcept {
    constexpr std::array<std::uint32_t, 5> numbers{
        10,  // Linux
        23,  // Windows
        24,  // NetBSD, OpenBSD
        28,  // FreeBSD, DragonFly
        30,  // macOS
    };
    return std::ranges::find(numbers, family) != numbers.end();
}

Outcome by_address_family(Work& work, std::uint32_t family, std::size_t at) noexcept {
    work.out.ethertype = static_cast<std::uint16_t>(family);
    if (family == af_inet) return detail::any_ipv4(work, at);
    if (is_af_inet6(family)) return detail::any_ipv6(work, at);
    return other(work, Outcome::non_ip);
}

// The family is in the byte order of the host that captured, which need not be that of the file.
// Address families are small numbers, so a value above 16 bits has the other byte order.
Outcome loopback(Work& work) noexcept {
    if (!work.has(0, 4)) return other(work, Outcome::non_ip);
    std::uint32_t family = work.be32(0);
    if (family > 0xffff) family = __builtin_bswap32(family);
    return by_address_family(work, family, 4);
}

// The packet types of Linux (linux/if_packet.h): 0 to 2 were addressed to this host.
Direction cooked_direction(std::uint16_t packet_type) noexcept {
    constexpr std::uint16_t other_host = 3;
    constexpr std::uint16_t outgoing = 4;
    if (packet_type < other_host) return Direction::in;
    return packet_type == outgoing ? Direction::out : Direction::unknown;
}

Outcome cooked(Work& work, std::uint16_t packet_type, std::uint16_t address_length,
               std::size_t address_at, std::uint16_t type, std::size_t payload) noexcept {
    work.out.direction = cooked_direction(packet_type);
    if (address_length == 6)
        std::memcpy(work.out.macs.data() + 6, work.frame.data() + address_at, 6);
    return detail::unwrap(work, detail::layer_at(Layer::typed, payload, type));
}

Outcome cooked_v1(Work& work) noexcept {
    if (!work.has(0, 16)) return other(work, Outcome::non_ip);
    return cooked(work, work.be16(0), work.be16(4), 6, work.be16(14), 16);
}

Outcome cooked_v2(Work& work) noexcept {
    if (!work.has(0, 20)) return other(work, Outcome::non_ip);
    return cooked(work, work.u8(10), work.u8(11), 12, work.be16(0), 20);
}

// Address, control, ethertype.
Outcome cisco_hdlc(Work& work) noexcept {
    if (!work.has(0, 4)) return other(work, Outcome::non_ip);
    return detail::unwrap(work, detail::layer_at(Layer::typed, 4, work.be16(2)));
}

// RFC 1662, 3.1: the address and control octets ff 03 may be omitted.
Outcome ppp(Work& work, std::size_t at) noexcept {
    if (work.has(at, 2) && work.be16(at) == 0xff03) at += 2;
    return detail::unwrap(work, detail::layer_at(Layer::ppp, at));
}

Outcome ppp_or_cisco(Work& work) noexcept {
    constexpr std::uint8_t unicast = 0x0f;
    constexpr std::uint8_t multicast = 0x8f;
    if (work.has(0, 1) && (work.u8(0) == unicast || work.u8(0) == multicast))
        return cisco_hdlc(work);
    return ppp(work, 0);
}

// The first octet is the direction: 0 received, otherwise sent. pppd writes it in place of the HDLC
// address (ff).
Outcome ppp_with_direction(Work& work, bool in_place_of_address) noexcept {
    if (!work.has(0, 2)) return other(work, Outcome::non_ip);
    work.out.direction = work.u8(0) == 0 ? Direction::in : Direction::out;
    if (!in_place_of_address) return ppp(work, 1);
    constexpr std::uint8_t hdlc_control = 0x03;
    return detail::unwrap(work, detail::layer_at(Layer::ppp, work.u8(1) == hdlc_control ? 2U : 1U));
}

// Length, address family, action, reason, interface name and more; padded to 4 octets.
Outcome pflog(Work& work) noexcept {
    if (!work.has(0, 2)) return other(work, Outcome::non_ip);
    const std::size_t header = (work.u8(0) + 3U) & ~std::size_t{3};
    return by_address_family(work, work.u8(1), header);
}

// Family, version, resource id; then attributes of length, type and value, padded to 4 octets.
// Length and type are in the byte order of the host that captured; little endian is assumed. From a
// big endian host the lengths do not fit, and the frame is non_ip.
Outcome nflog(Work& work) noexcept {
    constexpr std::uint16_t payload = 9;  // NFULA_PAYLOAD
    constexpr int max_attributes = 64;
    std::size_t at = 4;
    for (int i = 0; i < max_attributes && work.has(at, 4); ++i) {
        const std::uint16_t length = __builtin_bswap16(work.be16(at));
        const std::uint16_t type = __builtin_bswap16(work.be16(at + 2)) & 0x7fffU;
        if (length < 4) break;
        if (type == payload) {
            return by_address_family(work, work.u8(0), at + 4);
        }
        at += (length + 3U) & ~std::size_t{3};
    }
    return other(work, Outcome::non_ip);
}

Outcome by_link(LinkType link, Work& work) noexcept {
    switch (link) {
        case LinkType::ethernet:
            return detail::unwrap(work, detail::layer_at(Layer::ethernet, 0));
        case LinkType::null:
        case LinkType::loop:
            return loopback(work);
        case LinkType::raw:
        case LinkType::raw_bsd:
        case LinkType::raw_openbsd:
            return detail::ip_by_version(work, 0);
        case LinkType::ipv4:
            return detail::any_ipv4(work, 0);
        case LinkType::ipv6:
            return detail::any_ipv6(work, 0);
        case LinkType::linux_sll:
            return cooked_v1(work);
        case LinkType::linux_sll2:
            return cooked_v2(work);
        case LinkType::ppp:
            return ppp(work, 0);
        case LinkType::ppp_hdlc:
            return ppp_or_cisco(work);
        case LinkType::ppp_ether:
            return detail::unwrap(work, detail::layer_at(Layer::pppoe, 0));
        case LinkType::ppp_pppd:
            return ppp_with_direction(work, true);
        case LinkType::ppp_with_direction:
            return ppp_with_direction(work, false);
        case LinkType::cisco_hdlc:
            return cisco_hdlc(work);
        case LinkType::atm_rfc1483:
            return detail::unwrap(work, detail::layer_at(Layer::llc, 0));
        case LinkType::mpls:
            return detail::unwrap(work, detail::layer_at(Layer::mpls, 0));
        case LinkType::pflog:
            return pflog(work);
        case LinkType::nflog:
            return nflog(work);
    }
    return other(work, Outcome::non_ip);
}

}  // namespace

bool is_supported(LinkType link) noexcept { return !name(link).empty(); }

std::string_view name(LinkType link) noexcept {
    const auto* const it = std::ranges::find(known, link, &NamedLinkType::link);
    return it == known.end() ? std::string_view{} : it->name;
}

namespace detail {

Outcome decode_general(LinkType link, ByteSpan captured, std::uint32_t wire_length, Packet& out,
                       std::uint16_t interface) noexcept {
    out = Packet{};
    Work work = Work::of(captured, wire_length, interface, out);
    return by_link(link, work);
}

Outcome decode_general(LinkType link, ByteSpan captured, std::uint32_t wire_length, Packet& out,
                       std::size_t& ip_at) noexcept {
    out = Packet{};
    Work work = Work::of(captured, wire_length, 0, out);
    const Outcome outcome = by_link(link, work);
    ip_at = work.ip_at;
    return outcome;
}

}  // namespace detail

Outcome decode(LinkType link, ByteSpan captured, std::uint32_t wire_length, Packet& out,
               std::uint16_t interface) noexcept {
    if (link == LinkType::ethernet) return decode_ethernet(captured, wire_length, out, interface);
    return detail::decode_general(link, captured, wire_length, out, interface);
}

}  // namespace octroi::packet
