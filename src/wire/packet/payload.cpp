// SPDX-License-Identifier: GPL-3.0-or-later
#include "wire/packet/payload.hpp"

#include <algorithm>

#include "wire/packet/detail.hpp"

namespace octroi::packet {
namespace {

constexpr std::size_t v6_header = 40;
// The same limit as in decode().
constexpr int max_extension_headers = 64;

// The captured octets of the packet, and the offset that was reached.
struct Walk {
    ByteSpan packet;
    std::size_t at = 0;
};

std::uint8_t u8(ByteSpan octets, std::size_t at) noexcept {
    return static_cast<std::uint8_t>(octets[at]);
}

// RFC 791. decode() has checked that the header is valid.
void skip_ipv4_header(Walk& walk, Payload& out) noexcept {
    walk.at = (u8(walk.packet, 0) & 0x0fU) * std::size_t{4};
    out.proto = u8(walk.packet, 9);
    const std::uint16_t field = load_be16(walk.packet.data() + 6);
    out.offset = (field & 0x1fffU) * 8U;
    out.more = (field & 0x2000U) != 0;
    if (out.fragment()) out.fragment_id = load_be16(walk.packet.data() + 4);
}

// RFC 8200, 4. In a fragment, the octets after the fragment header are payload: further headers are
// in the first fragment only and belong to the payload that is reassembled.
bool skip_ipv6_headers(Walk& walk, Payload& out) noexcept {
    walk.at = v6_header;
    out.proto = u8(walk.packet, 6);
    for (int count = 0; detail::is_extension(out.proto); ++count) {
        if (count == max_extension_headers || walk.at + 8 > walk.packet.size()) return false;
        const std::byte* const header = walk.packet.data() + walk.at;
        const bool fragment = out.proto == detail::protocol::fragment;
        walk.at += detail::extension_length(out.proto, static_cast<std::uint8_t>(header[1]));
        out.proto = static_cast<std::uint8_t>(header[0]);
        if (!fragment) continue;
        const std::uint16_t field = load_be16(header + 2);
        out.offset = field & 0xfff8U;
        out.more = (field & 1U) != 0;
        if (!out.fragment()) continue;
        out.fragment_id = load_be32(header + 4);
        return true;
    }
    return true;
}

}  // namespace

bool find_payload(LinkType link, ByteSpan captured, std::uint32_t wire_length, Packet& packet,
                  Payload& payload) noexcept {
    payload = Payload{};
    std::size_t ip_at = 0;
    if (detail::decode_general(link, captured, wire_length, packet, ip_at) != Outcome::ip)
        return false;
    const auto length = static_cast<std::size_t>(packet.bytes);
    const ByteSpan from_ip = captured.subspan(ip_at);
    Walk walk{from_ip.first(std::min(from_ip.size(), length))};
    if (packet.key.family() == Family::v4)
        skip_ipv4_header(walk, payload);
    else if (!skip_ipv6_headers(walk, payload))
        return false;
    if (walk.at > walk.packet.size()) return false;
    payload.octets = walk.packet.subspan(walk.at);
    payload.length = length - walk.at;
    return true;
}

}  // namespace octroi::packet
