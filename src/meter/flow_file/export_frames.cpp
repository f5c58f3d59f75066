// SPDX-License-Identifier: GPL-3.0-or-later
#include "meter/flow_file/export_frames.hpp"

#include <algorithm>

#include "wire/exporter/recognise.hpp"
#include "wire/packet/payload.hpp"

namespace octroi::flow_file {
namespace {

constexpr std::uint8_t proto_tcp = 6;
constexpr std::uint8_t proto_udp = 17;

// The payload of a UDP datagram (RFC 768) that begins with its header; empty where there is none.
ByteSpan udp_payload(ByteSpan datagram) noexcept {
    constexpr std::size_t header = 8;
    if (datagram.size() < header) return {};
    // 0 in jumbograms (RFC 2675 section 4): the length is that of the IP packet.
    std::size_t length = load_be16(datagram.data() + 4);
    if (length == 0) length = datagram.size();
    if (length < header) return {};
    return datagram.first(std::min(length, datagram.size())).subspan(header);
}

// The capture has less of the datagram than its header says.
bool is_cut(ByteSpan datagram) noexcept { return load_be16(datagram.data() + 4) > datagram.size(); }

}  // namespace

void ExportFrames::on_frame(const pcap::Frame& frame, DatagramSink& sink) {
    packet::Packet packet;
    packet::Payload payload;
    if (!packet::find_payload(frame.link, frame.captured(), frame.wire_length, packet, payload))
        return;
    // TCP segments are not fragmented in practice: path MTU discovery sees to that (RFC 1191).
    if (payload.proto == proto_tcp && !payload.fragment()) {
        streams_.on_segment(packet, payload,
                            [&](const Address& from, std::uint16_t port, ByteSpan message) {
                                if (message.empty())
                                    sink.session_ended(from, port);
                                else
                                    sink.message({message, from, frame.time, port});
                            });
        return;
    }
    if (payload.proto != proto_udp) return;
    ByteSpan datagram;
    if (!payload.fragment())
        datagram = payload.octets;
    else if (const auto whole = fragments_.on_fragment(packet, payload, frame.time))
        datagram = *whole;
    const ByteSpan octets = udp_payload(datagram);
    if (octets.empty()) return;
    if (is_cut(datagram) && exporter::recognise(octets) != flow::Protocol::unknown) ++cut_;
    sink.datagram({.octets = octets,
                   .from = packet.key.src(),
                   .received = frame.time,
                   .port = load_be16(datagram.data())});
}

void ExportFrames::finish(UtcTime last, DatagramSink& sink) {
    streams_.finish([&](const Address& from, std::uint16_t port, ByteSpan message) {
        sink.message({message, from, last, port});
    });
}

}  // namespace octroi::flow_file
