// SPDX-License-Identifier: GPL-3.0-or-later
#include "wire/packet/sampled_frame.hpp"

#include <bit>

namespace octroi::packet {
namespace {

// Where samplers cut a frame by default or by common configuration.
bool is_sample_length(std::uint32_t length) noexcept {
    return length >= 64 && length <= 512 && std::has_single_bit(length);
}

bool is_possible(std::uint32_t frame_length, std::size_t sampled) noexcept {
    return frame_length != 0 && frame_length >= sampled && frame_length <= max_frame_length;
}

}  // namespace

bool contradicts(std::uint32_t frame_length, std::uint64_t ip_length) noexcept {
    return is_possible(frame_length, 0) && ip_length > frame_length &&
           !is_sample_length(frame_length);
}

void decode_sampled(LinkType link, ByteSpan octets, const StatedLength& stated,
                    SampledFrame& out) noexcept {
    const std::uint32_t length = stated.frame.value_or(0);
    if (!is_possible(length, octets.size())) {
        decode(link, octets, unknown_frame_length, out.packet);
        out.doubt = stated.frame ? LengthDoubt::frame_length : LengthDoubt::no_frame_length;
        return;
    }
    // decode() raises this to the sampled octets if more are said to be stripped.
    const std::uint32_t wire = length > stated.stripped ? length - stated.stripped : length;
    out.doubt = LengthDoubt::none;
    if (decode(link, octets, wire, out.packet) != Outcome::malformed) return;
    Packet by_header;
    if (decode(link, octets, unknown_frame_length, by_header) != Outcome::ip) return;
    if (contradicts(length, by_header.bytes)) return;
    out.packet = by_header;
    out.doubt = LengthDoubt::frame_length;
}

}  // namespace octroi::packet
