// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

// Decodes the first octets of a frame that an exporter sampled: sFlow packet headers, packet
// sections of IPFIX (elements 313 to 315, PSAMP). Unlike in a capture, the length of the frame is
// the word of the exporter, and some makers state a wrong one or none.
//
// Pure, as decode(): no state, no allocation, no octet outside `octets` is read.

#include <cstdint>
#include <optional>

#include "wire/packet/packet.hpp"

namespace octroi::packet {

// Which length confirms the one in the IP header.
enum class LengthDoubt : std::uint8_t {
    none,             // the frame is long enough for the packet
    no_frame_length,  // the exporter states none: the IP header alone counts
    frame_length,     // the exporter states an impossible one: the IP header alone counts
};

struct SampledFrame {
    // As of decode(). If there is a doubt, an IP packet has at most max_plain_length octets, and a
    // frame without IP, or a malformed one, is charged with the octets that were sampled.
    Packet packet;
    LengthDoubt doubt = LengthDoubt::none;
};

// What the exporter states about the length of the frame. stripped: octets of `frame` that were
// removed before the frame was sampled, for example its checksum.
struct StatedLength {
    std::optional<std::uint32_t> frame;
    std::uint32_t stripped = 0;
};

// Octets beyond the snap length of the sampler are missing from `octets`. For the header of an IP
// packet alone (element 313) the link type is LinkType::raw. A packet that is longer than a frame
// length that can be right is malformed, as in a capture. A frame length is wrong if
// - it is 0, less than the sampled octets, or beyond max_frame_length;
// - the packet does not fit, but the length is one at which samplers cut (64, 128, 256, 512): the
//   maker states how much was sampled;
// - the packet fits only without the link header: the maker states the length of layer 3.
void decode_sampled(LinkType link, ByteSpan octets, const StatedLength& stated,
                    SampledFrame& out) noexcept;

// Whether a packet of so many octets cannot have been in a frame of that length, by the rules
// above. For exporters that state the IP length and do not show the header (sampled-IP structures).
[[nodiscard]] bool contradicts(std::uint32_t frame_length, std::uint64_t ip_length) noexcept;

}  // namespace octroi::packet
