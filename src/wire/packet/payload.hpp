// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

// What the IP packet of a frame carries: for who reads the content of a few packets (flow exports
// in a capture). Who counts needs decode() only, which is faster.

#include <cstdint>

#include "wire/packet/packet.hpp"

namespace octroi::packet {

struct Payload {
    // Behind the IP header and the extension headers of IPv6, as far as the packet goes and was
    // captured. Of a fragment: its part of the fragmented payload.
    ByteSpan octets;
    // As the packet's length says; octets.size() unless the capture cut it off.
    std::size_t length = 0;
    std::uint8_t proto = 0;         // of the header that the payload begins with
    std::uint32_t fragment_id = 0;  // 0 unless it is a fragment
    std::uint32_t offset = 0;       // of a fragment, in octets
    bool more = false;              // fragments behind this one follow

    [[nodiscard]] bool fragment() const noexcept { return offset != 0 || more; }
    [[nodiscard]] bool cut() const noexcept { return octets.size() < length; }
};

// Decodes the frame into `packet`, as decode() does. false: it carries no IP packet, or one whose
// headers were not captured whole.
[[nodiscard]] bool find_payload(LinkType link, ByteSpan captured, std::uint32_t wire_length,
                                Packet& packet, Payload& payload) noexcept;

}  // namespace octroi::packet
