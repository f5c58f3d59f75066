// SPDX-License-Identifier: GPL-3.0-or-later
// Link layers of serial lines.

#include "wire/packet/link_detail.hpp"

namespace octroi::packet::detail {

namespace {

// RFC 2427 and ISO/IEC TR 9577.
enum Nlpid : std::uint8_t {
    nlpid_snap = 0x80,
    nlpid_ipv6 = 0x8e,
    nlpid_ipv4 = 0xcc,
    nlpid_ppp = 0xcf,  // RFC 1973
};

// After the NLPID of SNAP: OUI and protocol. Bridged Ethernet (RFC 2427, 4.2), or an ethertype.
Outcome frame_relay_snap(Work& work, std::size_t at) noexcept {
    constexpr std::size_t header = 5;
    constexpr std::uint32_t ieee_802_1 = 0x0080c2;
    constexpr std::uint16_t bridged_with_fcs = 1;
    constexpr std::uint16_t bridged = 7;
    if (!work.has(at, header)) return other(work, Outcome::non_ip);
    const std::uint32_t oui = work.be32(at) >> 8U;
    const std::uint16_t type = work.be16(at + 3);
    if (oui == 0 && type >= ethertype::first)
        return unwrap(work, layer_at(Layer::typed, at + header, type));
    if (oui == ieee_802_1 && (type == bridged || type == bridged_with_fcs))
        return unwrap(work, layer_at(Layer::ethernet, at + header));
    return other(work, Outcome::non_ip);
}

Outcome by_nlpid(Work& work, std::size_t at) noexcept {
    if (!work.has(at, 1)) return other(work, Outcome::non_ip);
    const std::uint8_t nlpid = work.u8(at);
    work.out.ethertype = nlpid;
    switch (nlpid) {
        case nlpid_ipv4:
            return any_ipv4(work, at + 1);
        case nlpid_ipv6:
            return any_ipv6(work, at + 1);
        case nlpid_ppp:
            return unwrap(work, layer_at(Layer::ppp, at + 1));
        case nlpid_snap:
            return frame_relay_snap(work, at + 1);
        default:
            return other(work, Outcome::non_ip);
    }
}

}  // namespace

// Address, control, ethertype.
Outcome cisco_hdlc(Work& work, std::size_t at) noexcept {
    if (!work.has(at, 4)) return other(work, Outcome::non_ip);
    return unwrap(work, layer_at(Layer::typed, at + 4, work.be16(at + 2)));
}

// RFC 1662, 3.1: the address and control octets ff 03 may be omitted.
Outcome ppp(Work& work, std::size_t at) noexcept {
    if (work.has(at, 2) && work.be16(at) == 0xff03) at += 2;
    return unwrap(work, layer_at(Layer::ppp, at));
}

Outcome ppp_or_cisco(Work& work, std::size_t at) noexcept {
    constexpr std::uint8_t unicast = 0x0f;
    constexpr std::uint8_t multicast = 0x8f;
    if (work.has(at, 1) && (work.u8(at) == unicast || work.u8(at) == multicast))
        return cisco_hdlc(work, at);
    return ppp(work, at);
}

// The first octet is the direction: 0 received, otherwise sent.
Outcome with_direction(Work& work, std::size_t at,
                       Outcome (*next)(Work& work, std::size_t at) noexcept) noexcept {
    if (!work.has(at, 2)) return other(work, Outcome::non_ip);
    work.out.direction = work.u8(at) == 0 ? Direction::in : Direction::out;
    return next(work, at + 1);
}

// pppd writes the direction in place of the HDLC address (ff), before the HDLC control octet.
Outcome ppp_of_pppd(Work& work, std::size_t at) noexcept {
    return with_direction(work, at, [](Work& inner, std::size_t behind) noexcept {
        constexpr std::uint8_t hdlc_control = 0x03;
        const std::size_t skipped = inner.u8(behind) == hdlc_control ? 1 : 0;
        return unwrap(inner, layer_at(Layer::ppp, behind + skipped));
    });
}

// Q.922, 3.3: an address of 2 to 4 octets, the last one of which has the lowest bit set. Then
// RFC 2427: control, perhaps a pad octet, NLPID; or the encapsulation of Cisco: an ethertype.
Outcome frame_relay(Work& work, std::size_t at) noexcept {
    constexpr std::size_t longest_address = 4;
    constexpr std::uint8_t unnumbered_information = 0x03;
    std::size_t address = 1;
    while (address <= longest_address && work.has(at, address) &&
           (work.u8(at + address - 1) & 1U) == 0)
        ++address;
    const std::size_t next = at + address;
    if (address < 2 || address > longest_address || !work.has(next, 2))
        return other(work, Outcome::non_ip);
    if (work.u8(next) == unnumbered_information)
        return by_nlpid(work, work.u8(next + 1) == 0 ? next + 2 : next + 1);
    const std::uint16_t type = work.be16(next);
    if (type < ethertype::first) return other(work, Outcome::non_ip);
    return unwrap(work, layer_at(Layer::typed, next + 2, type));
}

}  // namespace octroi::packet::detail
