// SPDX-License-Identifier: GPL-3.0-or-later
#include "wire/wireguard/wireguard.hpp"

#include <algorithm>
#include <cstring>

namespace octroi::wireguard {
namespace {

// linux/wireguard.h
constexpr std::uint16_t device_index = 1;     // WGDEVICE_A_IFINDEX
constexpr std::uint16_t device_peers = 8;     // WGDEVICE_A_PEERS
constexpr std::uint16_t peer_key = 1;         // WGPEER_A_PUBLIC_KEY
constexpr std::uint16_t peer_received = 7;    // WGPEER_A_RX_BYTES
constexpr std::uint16_t peer_sent = 8;        // WGPEER_A_TX_BYTES
constexpr std::uint16_t peer_allowed = 9;     // WGPEER_A_ALLOWEDIPS
constexpr std::uint16_t allowed_address = 2;  // WGALLOWEDIP_A_IPADDR
constexpr std::uint16_t allowed_length = 3;   // WGALLOWEDIP_A_CIDR_MASK

constexpr std::size_t genl_octets = 4;       // genlmsghdr
constexpr std::size_t attribute_header = 4;  // nlattr: length and type
constexpr std::uint16_t attribute_type_bits = 0x3fff;

template <typename Number>
[[nodiscard]] bool read_native(ByteSpan value, Number& out) {
    if (value.size() != sizeof out) return false;
    std::memcpy(&out, value.data(), sizeof out);
    return true;
}

// Calls visit(type, value) for each attribute. False: a length contradicts the octets, or visit
// refuses a value.
template <typename Visit>
[[nodiscard]] bool each_attribute_of(ByteSpan octets, Visit visit) {
    while (octets.size() >= attribute_header) {
        std::uint16_t length = 0;
        std::uint16_t type = 0;
        std::memcpy(&length, octets.data(), sizeof length);
        std::memcpy(&type, octets.data() + sizeof length, sizeof type);
        if (length < attribute_header || length > octets.size()) return false;
        const ByteSpan value =
            octets.subspan(attribute_header, std::size_t{length} - attribute_header);
        if (!visit(static_cast<std::uint16_t>(type & attribute_type_bits), value)) return false;
        octets = octets.subspan(std::min((std::size_t{length} + 3) / 4 * 4, octets.size()));
    }
    return true;
}

[[nodiscard]] bool read_count(ByteSpan value, std::optional<std::uint64_t>& out) {
    std::uint64_t count = 0;
    if (!read_native(value, count)) return false;
    out = count;
    return true;
}

Address address_of_octets(ByteSpan octets) {
    std::array<std::uint8_t, 16> copy{};
    if (octets.size() > copy.size()) return {};
    std::memcpy(copy.data(), octets.data(), octets.size());
    if (octets.size() == 4) return Address::v4(copy.data());
    return octets.size() == copy.size() ? Address::v6(copy.data()) : Address{};
}

// An entry without a whole prefix is left out.
[[nodiscard]] bool read_allowed(ByteSpan attributes, std::vector<Prefix>& allowed) {
    Address address;
    std::uint8_t length = UINT8_MAX;
    const bool good = each_attribute_of(attributes, [&](std::uint16_t type, ByteSpan value) {
        if (type == allowed_address) address = address_of_octets(value);
        return type != allowed_length || read_native(value, length);
    });
    if (good && !address.empty() && length <= address.bits())
        allowed.push_back(Prefix::of(address, length));
    return good;
}

[[nodiscard]] bool read_peer(ByteSpan attributes, Peer& peer) {
    bool has_key = false;
    const bool good = each_attribute_of(attributes, [&](std::uint16_t type, ByteSpan value) {
        if (type == peer_received) return read_count(value, peer.received);
        if (type == peer_sent) return read_count(value, peer.sent);
        if (type == peer_allowed)
            return each_attribute_of(value, [&](std::uint16_t /*number*/, ByteSpan entry) {
                return read_allowed(entry, peer.allowed);
            });
        if (type != peer_key) return true;
        has_key = read_native(value, peer.key);
        return has_key;
    });
    return good && has_key;
}

}  // namespace

std::optional<DeviceMessage> decode_device(ByteSpan message) {
    if (message.size() < genl_octets) return std::nullopt;
    DeviceMessage device;
    const bool good =
        each_attribute_of(message.subspan(genl_octets), [&](std::uint16_t type, ByteSpan value) {
            if (type == device_index) return read_native(value, device.index);
            if (type != device_peers) return true;
            return each_attribute_of(value, [&](std::uint16_t /*number*/, ByteSpan peer) {
                return read_peer(peer, device.peers.emplace_back());
            });
        });
    if (!good) return std::nullopt;
    return device;
}

std::string key_text(const std::array<std::byte, key_octets>& key) {
    constexpr std::string_view alphabet =
        "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
    constexpr unsigned character_bits = 6;
    std::string text;
    std::uint32_t bits = 0;
    unsigned count = 0;
    for (const std::byte octet : key) {
        bits = bits << 8U | static_cast<std::uint32_t>(octet);
        for (count += 8; count >= character_bits;) {
            count -= character_bits;
            text += alphabet[bits >> count & 0x3fU];
        }
    }
    // 256 bits are 42 characters and 4 bits.
    text += alphabet[bits << (character_bits - count) & 0x3fU];
    return text + '=';
}

}  // namespace octroi::wireguard
