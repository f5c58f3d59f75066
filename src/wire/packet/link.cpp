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

// Decodes a frame from its first header on, which begins at `at`.
using Decode = Outcome (*)(Work& work, std::size_t at) noexcept;

template <Layer layer>
Outcome begin(Work& work, std::size_t at) noexcept {
    return detail::unwrap(work, detail::layer_at(layer, at));
}
template <Decode next>
Outcome after_direction(Work& work, std::size_t at) noexcept {
    return detail::with_direction(work, at, next);
}
// For 802.15.4, and for a header with a link type where another such header stated it.
Outcome without_ip(Work& work, std::size_t /*at*/) noexcept { return other(work, Outcome::non_ip); }

struct Known {
    LinkType link;
    std::string_view name;
    Decode decode;
};
constexpr std::array known{
    Known{LinkType::null, "BSD loopback", detail::loopback},
    Known{LinkType::ethernet, "Ethernet", begin<Layer::ethernet>},
    Known{LinkType::token_ring, "Token Ring", detail::token_ring},
    Known{LinkType::arcnet_bsd, "ARCNET of BSD", detail::arcnet_bsd},
    Known{LinkType::ppp, "PPP", detail::ppp},
    Known{LinkType::fddi, "FDDI", detail::fddi},
    Known{LinkType::raw_bsd, "raw IP", detail::ip_by_version},
    Known{LinkType::raw_openbsd, "raw IP", detail::ip_by_version},
    Known{LinkType::ppp_hdlc, "PPP in HDLC framing", detail::ppp_or_cisco},
    Known{LinkType::ppp_ether, "PPPoE", begin<Layer::pppoe>},
    Known{LinkType::atm_rfc1483, "LLC over ATM", begin<Layer::llc>},
    Known{LinkType::raw, "raw IP", detail::ip_by_version},
    Known{LinkType::cisco_hdlc, "Cisco HDLC", detail::cisco_hdlc},
    Known{LinkType::wireless, "802.11", detail::wireless},
    Known{LinkType::frame_relay, "Frame Relay", detail::frame_relay},
    Known{LinkType::loop, "OpenBSD loopback", detail::loopback},
    Known{LinkType::ipsec_log, "OpenBSD IPsec", detail::ipsec_log},
    Known{LinkType::linux_sll, "Linux cooked v1", detail::cooked_v1},
    Known{LinkType::pflog, "OpenBSD packet filter log", detail::pflog},
    Known{LinkType::prism, "802.11 with Prism header", detail::prism_or_avs},
    Known{LinkType::fibre_channel, "IP over Fibre Channel", detail::fibre_channel},
    Known{LinkType::radiotap, "802.11 with radiotap", detail::radiotap},
    Known{LinkType::arcnet_linux, "ARCNET of Linux", detail::arcnet_linux},
    Known{LinkType::firewire, "IP over IEEE 1394", detail::firewire},
    Known{LinkType::pktap_user2, "PKTAP", without_ip},
    Known{LinkType::avs, "802.11 with AVS header", detail::prism_or_avs},
    Known{LinkType::ppp_pppd, "PPP of pppd", detail::ppp_of_pppd},
    Known{LinkType::ppi, "per-packet information", without_ip},
    Known{LinkType::low_rate_with_fcs, "802.15.4", without_ip},
    Known{LinkType::ppp_with_direction, "PPP with direction", after_direction<detail::ppp>},
    Known{LinkType::cisco_hdlc_with_direction, "Cisco HDLC with direction",
          after_direction<detail::cisco_hdlc>},
    Known{LinkType::frame_relay_with_direction, "Frame Relay with direction",
          after_direction<detail::frame_relay>},
    Known{LinkType::mpls, "MPLS", begin<Layer::mpls>},
    Known{LinkType::ipnet, "Solaris ipnet", detail::ipnet},
    Known{LinkType::ipv4, "raw IPv4", detail::any_ipv4},
    Known{LinkType::ipv6, "raw IPv6", detail::any_ipv6},
    Known{LinkType::low_rate, "802.15.4 without checksum", without_ip},
    Known{LinkType::nflog, "Linux netfilter log", detail::nflog},
    Known{LinkType::infiniband, "IP over InfiniBand", detail::infiniband},
    Known{LinkType::pktap, "PKTAP", without_ip},
    Known{LinkType::linux_sll2, "Linux cooked v2", detail::cooked_v2},
};

constexpr auto decoders = [] {
    std::array<Decode, std::size_t{1} + static_cast<std::uint16_t>(LinkType::linux_sll2)> table{};
    table.fill(without_ip);
    for (const Known& one : known) table.at(static_cast<std::uint16_t>(one.link)) = one.decode;
    return table;
}();

Outcome by_link(LinkType link, Work& work, std::size_t at) noexcept {
    const auto number = static_cast<std::uint16_t>(link);
    return number < decoders.size() ? decoders[number](work, at) : other(work, Outcome::non_ip);
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
    const auto* const it = std::ranges::find(known, link, &Known::link);
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
