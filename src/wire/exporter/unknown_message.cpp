// SPDX-License-Identifier: GPL-3.0-or-later
#include "wire/exporter/unknown_message.hpp"

#include <fmt/format.h>

#include <algorithm>

namespace octroi::exporter {
namespace {

// NetFlow v1 has the shortest header.
constexpr std::size_t shortest_message = 16;

bool is_printable(std::byte octet) noexcept {
    const auto c = static_cast<std::uint8_t>(octet);
    return (c >= 0x20 && c < 0x7f) || c == '\t' || c == '\n' || c == '\r';
}

// RFC 3176: version and type of the agent's address, 1 or 2, each in 32 bits.
bool is_old_sflow(ByteSpan octets) noexcept {
    const std::uint32_t version = load_be32(octets.data());
    const std::uint32_t address_type = load_be32(octets.data() + 4);
    return version >= 1 && version <= 4 && (address_type == 1 || address_type == 2);
}

}  // namespace

UnknownMessage classify_unknown(ByteSpan octets) noexcept {
    const bool is_text = !octets.empty() && std::ranges::all_of(octets, is_printable);
    if (is_text) return {UnknownMessage::Kind::text, 0};
    if (octets.size() < shortest_message) return {UnknownMessage::Kind::too_short, 0};
    if (is_old_sflow(octets)) return {UnknownMessage::Kind::sflow, load_be32(octets.data())};
    const std::uint16_t version = load_be16(octets.data());
    switch (version) {
        // Versions that Cisco had; 2 to 4 were never released.
        case 6:
        case 8:
            return {UnknownMessage::Kind::netflow, version};
        case 5:
        case 7:
        case 9:
        case 10:
            return {UnknownMessage::Kind::damaged, version};
        default:
            return {};
    }
}

std::string to_string(const UnknownMessage& message) {
    switch (message.kind) {
        case UnknownMessage::Kind::too_short:
            return "too short for an export message";
        case UnknownMessage::Kind::text:
            return "text";
        case UnknownMessage::Kind::sflow:
            return fmt::format("sFlow version {}", message.version);
        case UnknownMessage::Kind::netflow:
            return fmt::format("NetFlow version {}", message.version);
        case UnknownMessage::Kind::damaged:
            return message.version == 10 ? "damaged IPFIX"
                                         : fmt::format("damaged NetFlow v{}", message.version);
        case UnknownMessage::Kind::other:
            break;
    }
    return "neither NetFlow nor IPFIX nor sFlow";
}

}  // namespace octroi::exporter
