// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

// The headers of the link types, one function for each. All begin at offset `at` of the frame,
// complete the packet, and read captured octets only. Only for the files of this folder.
// Formats: https://www.tcpdump.org/linktypes.html.

#include "wire/packet/detail.hpp"

namespace octroi::packet::detail {

[[nodiscard]] inline std::uint16_t le16(const Work& work, std::size_t at) noexcept {
    return __builtin_bswap16(work.be16(at));
}
[[nodiscard]] inline std::uint32_t le32(const Work& work, std::size_t at) noexcept {
    return __builtin_bswap32(work.be32(at));
}

// A header that names a protocol by an address family (link_family.cpp).
Outcome loopback(Work& work, std::size_t at) noexcept;
Outcome pflog(Work& work, std::size_t at) noexcept;
Outcome ipsec_log(Work& work, std::size_t at) noexcept;
Outcome nflog(Work& work, std::size_t at) noexcept;
Outcome ipnet(Work& work, std::size_t at) noexcept;

// Serial lines (link_serial.cpp).
Outcome ppp(Work& work, std::size_t at) noexcept;
Outcome ppp_or_cisco(Work& work, std::size_t at) noexcept;
Outcome ppp_of_pppd(Work& work, std::size_t at) noexcept;
Outcome cisco_hdlc(Work& work, std::size_t at) noexcept;
Outcome frame_relay(Work& work, std::size_t at) noexcept;
// An octet with the direction, then the header that `next` reads.
Outcome with_direction(Work& work, std::size_t at,
                       Outcome (*next)(Work& work, std::size_t at) noexcept) noexcept;

// Local networks with wires (link_lan.cpp).
Outcome cooked_v1(Work& work, std::size_t at) noexcept;
Outcome cooked_v2(Work& work, std::size_t at) noexcept;
Outcome token_ring(Work& work, std::size_t at) noexcept;
Outcome fddi(Work& work, std::size_t at) noexcept;
Outcome arcnet_bsd(Work& work, std::size_t at) noexcept;
Outcome arcnet_linux(Work& work, std::size_t at) noexcept;
Outcome infiniband(Work& work, std::size_t at) noexcept;
Outcome fibre_channel(Work& work, std::size_t at) noexcept;
Outcome firewire(Work& work, std::size_t at) noexcept;

// IEEE 802.11, alone and after the headers that drivers put before it (link_wireless.cpp).
Outcome wireless(Work& work, std::size_t at) noexcept;
Outcome radiotap(Work& work, std::size_t at) noexcept;
Outcome prism_or_avs(Work& work, std::size_t at) noexcept;

// A header before one of the other link types.
struct Wrapped {
    LinkType link{};
    std::size_t at = 0;
};
// False: there is no such header (link_wrapped.cpp).
[[nodiscard]] bool unwrap_ppi(const Work& work, Wrapped& inner) noexcept;
[[nodiscard]] bool unwrap_pktap(const Work& work, Wrapped& inner) noexcept;

}  // namespace octroi::packet::detail
