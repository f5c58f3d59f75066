// SPDX-License-Identifier: GPL-3.0-or-later
// The headers between that of the link layer and the IP header.

#include "wire/packet/detail.hpp"

namespace octroi::packet::detail {

namespace {

// Nested headers, and labels of one MPLS stack. No network uses so many; hostile frames are
// bounded.
constexpr int max_layers = 16;
constexpr int max_labels = 16;

// Numbers of the PPP data link layer (IANA "PPP Numbers").
namespace ppp_number {
constexpr std::uint16_t ipv4 = 0x0021;
constexpr std::uint16_t ipv6 = 0x0057;
constexpr std::uint16_t mpls = 0x0281;
constexpr std::uint16_t mpls_multicast = 0x0283;
}  // namespace ppp_number

// The packet is complete: out.outcome is written.
constexpr Position arrived{};

Position not_ip(Work& work) noexcept {
    other(work, Outcome::non_ip);
    return arrived;
}
Position v4(Work& work, std::size_t at) noexcept {
    any_ipv4(work, at);
    return arrived;
}
Position v6(Work& work, std::size_t at) noexcept {
    any_ipv6(work, at);
    return arrived;
}

Position ethernet(Work& work, std::size_t at) noexcept {
    if (!work.has(at, 14)) return not_ip(work);
    std::memcpy(work.out.macs.data(), work.frame.data() + at, work.out.macs.size());
    return layer_at(Layer::typed, at + 14, work.be16(at + 12));
}

// IEEE 802.1Q, 9.6. The ids of the first two tags are kept.
Position vlan_tag(Work& work, std::size_t at) noexcept {
    if (!work.has(at, 4)) return not_ip(work);
    const std::uint16_t id = work.be16(at) & 0x0fffU;
    if (work.tags == 0) work.vlan = id;
    if (work.tags == 1) work.inner_vlan = id;
    ++work.tags;
    return layer_at(Layer::typed, at + 4, work.be16(at + 2));
}

Position typed(Work& work, std::size_t at, std::uint16_t type) noexcept {
    work.out.ethertype = type;
    if (type < ethertype::first) return layer_at(Layer::llc, at);
    switch (type) {
        case ethertype::ipv4:
            return v4(work, at);
        case ethertype::ipv6:
            return v6(work, at);
        case ethertype::vlan:
        case ethertype::provider_vlan:
        case ethertype::qinq_9100:
        case ethertype::qinq_9200:
        case ethertype::qinq_9300:
            return vlan_tag(work, at);
        case ethertype::mpls:
        case ethertype::mpls_multicast:
            return layer_at(Layer::mpls, at);
        case ethertype::pppoe_session:
            return layer_at(Layer::pppoe, at);
        case ethertype::backbone:
            return layer_at(Layer::ethernet, at + 4);
        case ethertype::vn_tag:
            if (!work.has(at, 6)) return not_ip(work);
            return layer_at(Layer::typed, at + 6, work.be16(at + 4));
        default:
            return not_ip(work);
    }
}

// IEEE 802.2. IP by its own service access point, or by SNAP (RFC 1042) with the OUI 0, or 0000f8
// of bridge tunnels (802.1H).
Position llc(Work& work, std::size_t at) noexcept {
    constexpr std::uint16_t snap = 0xaaaa;
    constexpr std::uint16_t ip_service = 0x0606;
    constexpr std::uint8_t unnumbered_information = 0x03;
    if (!work.has(at, 3) || work.u8(at + 2) != unnumbered_information) return not_ip(work);
    if (work.be16(at) == ip_service) return v4(work, at + 3);
    if (work.be16(at) != snap || !work.has(at, 8)) return not_ip(work);
    const std::uint32_t oui = work.be32(at + 2) & 0x00ff'ffffU;
    const std::uint16_t type = work.be16(at + 6);
    if ((oui != 0 && oui != 0xf8) || type < ethertype::first) return not_ip(work);
    return layer_at(Layer::typed, at + 8, type);
}

// RFC 1661, 2. A protocol number that is compressed to one octet is odd (section 6.5).
Position ppp_payload(Work& work, std::size_t at) noexcept {
    if (!work.has(at, 1)) return not_ip(work);
    std::uint16_t number = work.u8(at);
    std::size_t next = at + 1;
    if ((number & 1U) == 0) {
        if (!work.has(at, 2)) return not_ip(work);
        number = work.be16(at);
        next = at + 2;
    }
    work.out.ethertype = number;
    switch (number) {
        case ppp_number::ipv4:
            return v4(work, next);
        case ppp_number::ipv6:
            return v6(work, next);
        case ppp_number::mpls:
        case ppp_number::mpls_multicast:
            return layer_at(Layer::mpls, next);
        default:
            return not_ip(work);
    }
}

// RFC 2516, 4: version 1, type 1, code 0 (session data).
Position pppoe(Work& work, std::size_t at) noexcept {
    if (!work.has(at, 6) || work.be16(at) != 0x1100) return not_ip(work);
    return layer_at(Layer::ppp, at + 6);
}

// Whether an IP header may begin here. MPLS does not state what it carries, so octets that are not
// an IP header are another protocol (non_ip), not a malformed packet.
bool plausible_ip(const Work& work, std::size_t at) noexcept {
    if (!work.has(at, 20)) return false;
    const std::uint8_t first = work.u8(at);
    if (first >> 4U == 6) return work.has(at, 40);
    const std::uint16_t length = work.be16(at + 2);
    const unsigned header = (first & 0x0fU) * 4U;
    return first >> 4U == 4 && header >= 20 && (length == 0 || length >= header);
}

// Whether this is an Ethernet pseudowire with a control word (RFC 4448): only if its ethertype is
// that of IP and a plausible IP header of that version follows.
bool is_pseudowire(const Work& work, std::size_t at) noexcept {
    constexpr std::size_t control_word = 4;
    if (!work.has(at, control_word + 14) || work.u8(at) >> 4U != 0) return false;
    std::size_t type_at = at + control_word + 12;
    if (work.be16(type_at) == ethertype::vlan && work.has(type_at, 6)) type_at += 4;
    const std::uint16_t type = work.be16(type_at);
    const unsigned version = type == ethertype::ipv4 ? 4 : type == ethertype::ipv6 ? 6 : 0;
    return plausible_ip(work, type_at + 2) && work.u8(type_at + 2) >> 4U == version;
}

// RFC 3032: labels up to the one with the bottom-of-stack bit. The first nibble after them tells
// the protocol (RFC 4928, 3).
Position mpls(Work& work, std::size_t at) noexcept {
    bool last = false;
    for (int label = 0; label < max_labels && !last && work.has(at, 4); ++label, at += 4)
        last = (work.u8(at + 2) & 1U) != 0;
    if (!last) return not_ip(work);
    if (plausible_ip(work, at)) return layer_at(Layer::ip, at);
    if (is_pseudowire(work, at)) return layer_at(Layer::ethernet, at + 4);
    return not_ip(work);
}

Position step(Work& work, const Position& p) noexcept {
    switch (p.layer) {
        case Layer::typed:
            return typed(work, p.at, p.type);
        case Layer::llc:
            return llc(work, p.at);
        case Layer::ethernet:
            return ethernet(work, p.at);
        case Layer::ppp:
            return ppp_payload(work, p.at);
        case Layer::pppoe:
            return pppoe(work, p.at);
        case Layer::mpls:
            return mpls(work, p.at);
        case Layer::ip:
            ip_by_version(work, p.at);
            return arrived;
        case Layer::done:
            break;
    }
    return not_ip(work);
}

}  // namespace

Outcome unwrap(Work& work, Position position) noexcept {
    for (int layer = 0; layer < max_layers; ++layer) {
        position = step(work, position);
        if (position.layer == Layer::done) return work.out.outcome;
    }
    return other(work, Outcome::non_ip);
}

}  // namespace octroi::packet::detail
