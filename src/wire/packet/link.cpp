// SPDX-License-Identifier: GPL-3.0-or-later
// The link types: their names, and which header each begins with.

#include <algorithm>
#include <array>

#include "wire/packet/link_detail.hpp"
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
    NamedLinkType{LinkType::token_ring, "Token Ring"},
    NamedLinkType{LinkType::arcnet_bsd, "ARCNET of BSD"},
    NamedLinkType{LinkType::ppp, "PPP"},
    NamedLinkType{LinkType::fddi, "FDDI"},
    NamedLinkType{LinkType::raw_bsd, "raw IP"},
    NamedLinkType{LinkType::raw_openbsd, "raw IP"},
    NamedLinkType{LinkType::ppp_hdlc, "PPP in HDLC framing"},
    NamedLinkType{LinkType::ppp_ether, "PPPoE"},
    NamedLinkType{LinkType::atm_rfc1483, "LLC over ATM"},
    NamedLinkType{LinkType::raw, "raw IP"},
    NamedLinkType{LinkType::cisco_hdlc, "Cisco HDLC"},
    NamedLinkType{LinkType::wireless, "802.11"},
    NamedLinkType{LinkType::frame_relay, "Frame Relay"},
    NamedLinkType{LinkType::loop, "OpenBSD loopback"},
    NamedLinkType{LinkType::ipsec_log, "OpenBSD IPsec"},
    NamedLinkType{LinkType::linux_sll, "Linux cooked v1"},
    NamedLinkType{LinkType::pflog, "OpenBSD packet filter log"},
    NamedLinkType{LinkType::prism, "802.11 with Prism header"},
    NamedLinkType{LinkType::fibre_channel, "IP over Fibre Channel"},
    NamedLinkType{LinkType::radiotap, "802.11 with radiotap"},
    NamedLinkType{LinkType::arcnet_linux, "ARCNET of Linux"},
    NamedLinkType{LinkType::firewire, "IP over IEEE 1394"},
    NamedLinkType{LinkType::pktap_user2, "PKTAP"},
    NamedLinkType{LinkType::avs, "802.11 with AVS header"},
    NamedLinkType{LinkType::ppp_pppd, "PPP of pppd"},
    NamedLinkType{LinkType::ppi, "per-packet information"},
    NamedLinkType{LinkType::low_rate_with_fcs, "802.15.4"},
    NamedLinkType{LinkType::ppp_with_direction, "PPP with direction"},
    NamedLinkType{LinkType::cisco_hdlc_with_direction, "Cisco HDLC with direction"},
    NamedLinkType{LinkType::frame_relay_with_direction, "Frame Relay with direction"},
    NamedLinkType{LinkType::mpls, "MPLS"},
    NamedLinkType{LinkType::ipnet, "Solaris ipnet"},
    NamedLinkType{LinkType::ipv4, "raw IPv4"},
    NamedLinkType{LinkType::ipv6, "raw IPv6"},
    NamedLinkType{LinkType::low_rate, "802.15.4 without checksum"},
    NamedLinkType{LinkType::nflog, "Linux netfilter log"},
    NamedLinkType{LinkType::infiniband, "IP over InfiniBand"},
    NamedLinkType{LinkType::pktap, "PKTAP"},
    NamedLinkType{LinkType::linux_sll2, "Linux cooked v2"},
};

// at: where the header begins. The link types that wrap another one are not decoded here.
Outcome by_link(LinkType link, Work& work, std::size_t at) noexcept {
    switch (link) {
        case LinkType::ethernet:
            return detail::unwrap(work, detail::layer_at(Layer::ethernet, at));
        case LinkType::null:
        case LinkType::loop:
            return detail::loopback(work, at);
        case LinkType::raw:
        case LinkType::raw_bsd:
        case LinkType::raw_openbsd:
            return detail::ip_by_version(work, at);
        case LinkType::ipv4:
            return detail::any_ipv4(work, at);
        case LinkType::ipv6:
            return detail::any_ipv6(work, at);
        case LinkType::linux_sll:
            return detail::cooked_v1(work, at);
        case LinkType::linux_sll2:
            return detail::cooked_v2(work, at);
        case LinkType::ppp:
            return detail::ppp(work, at);
        case LinkType::ppp_hdlc:
            return detail::ppp_or_cisco(work, at);
        case LinkType::ppp_ether:
            return detail::unwrap(work, detail::layer_at(Layer::pppoe, at));
        case LinkType::ppp_pppd:
            return detail::ppp_of_pppd(work, at);
        case LinkType::ppp_with_direction:
            return detail::with_direction(work, at, detail::ppp);
        case LinkType::cisco_hdlc:
            return detail::cisco_hdlc(work, at);
        case LinkType::cisco_hdlc_with_direction:
            return detail::with_direction(work, at, detail::cisco_hdlc);
        case LinkType::frame_relay:
            return detail::frame_relay(work, at);
        case LinkType::frame_relay_with_direction:
            return detail::with_direction(work, at, detail::frame_relay);
        case LinkType::atm_rfc1483:
            return detail::unwrap(work, detail::layer_at(Layer::llc, at));
        case LinkType::mpls:
            return detail::unwrap(work, detail::layer_at(Layer::mpls, at));
        case LinkType::pflog:
            return detail::pflog(work, at);
        case LinkType::ipsec_log:
            return detail::ipsec_log(work, at);
        case LinkType::nflog:
            return detail::nflog(work, at);
        case LinkType::ipnet:
            return detail::ipnet(work, at);
        case LinkType::token_ring:
            return detail::token_ring(work, at);
        case LinkType::fddi:
            return detail::fddi(work, at);
        case LinkType::arcnet_bsd:
            return detail::arcnet_bsd(work, at);
        case LinkType::arcnet_linux:
            return detail::arcnet_linux(work, at);
        case LinkType::infiniband:
            return detail::infiniband(work, at);
        case LinkType::fibre_channel:
            return detail::fibre_channel(work, at);
        case LinkType::firewire:
            return detail::firewire(work, at);
        case LinkType::wireless:
            return detail::wireless(work, at);
        case LinkType::radiotap:
            return detail::radiotap(work, at);
        case LinkType::prism:
        case LinkType::avs:
            return detail::prism_or_avs(work, at);
        case LinkType::ppi:
        case LinkType::pktap:
        case LinkType::pktap_user2:
        case LinkType::low_rate_with_fcs:
        case LinkType::low_rate:
            break;
    }
    return other(work, Outcome::non_ip);
}

Outcome decode_frame(LinkType link, Work& work) noexcept {
    const bool is_ppi = link == LinkType::ppi;
    if (!is_ppi && link != LinkType::pktap && link != LinkType::pktap_user2)
        return by_link(link, work, 0);
    detail::Wrapped inner;
    const bool found = is_ppi ? detail::unwrap_ppi(work, inner) : detail::unwrap_pktap(work, inner);
    return found ? by_link(inner.link, work, inner.at) : other(work, Outcome::non_ip);
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
    return decode_frame(link, work);
}

Outcome decode_general(LinkType link, ByteSpan captured, std::uint32_t wire_length, Packet& out,
                       std::size_t& ip_at) noexcept {
    out = Packet{};
    Work work = Work::of(captured, wire_length, 0, out);
    const Outcome outcome = decode_frame(link, work);
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
