// SPDX-License-Identifier: GPL-3.0-or-later
#include "meter/capture/segments.hpp"

#include <algorithm>

namespace octroi::capture {
namespace {

constexpr std::uint8_t tcp = 6;
constexpr std::uint8_t udp = 17;
constexpr std::size_t udp_header = 8;
constexpr std::size_t tcp_offset_at = 12;  // RFC 9293: the upper four bits, in units of 4 octets
constexpr std::size_t tcp_header_min = 20;

// 0: not known.
[[nodiscard]] std::size_t transport_header(const packet::Packet& p, ByteSpan captured) noexcept {
    if (p.key.proto() == udp) return udp_header;
    if (p.key.proto() != tcp || captured.size() <= p.transport + tcp_offset_at) return 0;
    const auto offset = static_cast<std::uint8_t>(captured[p.transport + tcp_offset_at]);
    const std::size_t octets = (offset >> 4U) * std::size_t{4};
    return octets < tcp_header_min ? 0 : octets;
}

}  // namespace

void split_into_segments(std::uint16_t payload_octets, ByteSpan captured, Sample& sample) noexcept {
    packet::Packet& p = sample.packet;
    // Such a frame has no padding: the IP packet ends where the frame ends.
    if (payload_octets == 0 || p.transport == 0 || p.bytes > sample.wire_length) return;
    const std::size_t transport = transport_header(p, captured);
    const std::uint64_t link = sample.wire_length - p.bytes;
    if (transport == 0 || p.transport < link) return;
    const std::uint64_t headers = p.transport - link + transport;
    if (headers >= p.bytes) return;
    const std::uint64_t payload = p.bytes - headers;
    const std::uint64_t segments = (payload + payload_octets - 1) / payload_octets;
    // The kernel merges and splits fewer than this (GSO_MAX_SEGS).
    if (segments <= 1 || segments > UINT16_MAX) return;
    p.bytes += (segments - 1) * headers;
    sample.wire_length += static_cast<std::uint32_t>((segments - 1) * (headers + link));
    sample.segments = static_cast<std::uint16_t>(segments);
}

}  // namespace octroi::capture
