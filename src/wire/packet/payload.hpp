// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

// Finds the payload of the IP packet in a frame. For components that read the content of few
// packets, such as flow exports in a capture file. Counting needs only decode(), which is faster.

#include <cstdint>

#include "wire/packet/packet.hpp"

namespace octroi::packet {

struct Payload {
    // The captured octets after the IP header and the IPv6 extension headers, without padding. For
    // a fragment: its part of the payload. A view into the frame.
    ByteSpan octets;
    // Length according to the IP header; greater than octets.size() if the capture cut it off.
    std::size_t length = 0;
    std::uint8_t proto = 0;  // IANA protocol number of the header that the payload begins with
    std::uint32_t fragment_id = 0;  // 0 unless it is a fragment
    std::uint32_t offset = 0;       // of a fragment, in octets
    bool more = false;              // more fragments follow

    [[nodiscard]] bool fragment() const noexcept { return offset != 0 || more; }
    [[nodiscard]] bool cut() const noexcept { return octets.size() < length; }
};

// Also decodes the frame into `packet`, as decode() does. false: the frame contains no IP packet,
// or the IP headers were not captured completely.
[[nodiscard]] bool find_payload(LinkType link, ByteSpan captured, std::uint32_t wire_length,
                                Packet& packet, Payload& payload) noexcept;

}  // namespace octroi::packet
