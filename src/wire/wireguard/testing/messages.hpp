// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

// Answers of the kernel to WG_CMD_GET_DEVICE, for tests: made as drivers/net/wireguard/netlink.c
// makes them (wg_get_device_dump, get_peer).

#include <cstdint>
#include <cstring>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "base/address.hpp"

namespace octroi::wireguard::testing {

inline std::string attribute(std::uint16_t type, std::string_view value) {
    const auto length = static_cast<std::uint16_t>(value.size() + 4);
    std::string out(4, '\0');
    std::memcpy(out.data(), &length, 2);
    std::memcpy(out.data() + 2, &type, 2);
    out.append(value).append((4 - value.size() % 4) % 4, '\0');
    return out;
}

template <typename Number>
std::string native(Number value) {
    std::string text(sizeof value, '\0');
    std::memcpy(text.data(), &value, sizeof value);
    return text;
}

struct PeerText {
    char key = 0;  // each of the 32 octets
    std::uint64_t received = 0;
    std::uint64_t sent = 0;
    bool continues = false;  // the rest of its allowed addresses
    std::vector<std::string> allowed = {};
};

inline std::string allowed_attributes(std::string_view text) {
    const Prefix prefix = parse_prefix(text).value();
    const bool is_v4 = prefix.address.family == Family::v4;
    const std::string octets(reinterpret_cast<const char*>(prefix.address.octets.data()),
                             is_v4 ? 4 : 16);
    return attribute(1, native<std::uint16_t>(is_v4 ? 2 : 10)) +  // WGALLOWEDIP_A_FAMILY
           attribute(2, octets) + attribute(3, native(prefix.length));
}

inline std::string peer_attributes(const PeerText& peer) {
    std::string out = attribute(1, std::string(32, peer.key));  // WGPEER_A_PUBLIC_KEY
    if (!peer.continues) {
        out += attribute(2, std::string(32, 'x'));       // WGPEER_A_PRESHARED_KEY
        out += attribute(6, std::string(16, '\0'));      // WGPEER_A_LAST_HANDSHAKE_TIME
        out += attribute(8, native(peer.sent));          // WGPEER_A_TX_BYTES
        out += attribute(0, "");                         // padding of 64-bit values
        out += attribute(7, native(peer.received));      // WGPEER_A_RX_BYTES
        out += attribute(10, native(std::uint32_t{1}));  // WGPEER_A_PROTOCOL_VERSION
    }
    std::string allowed = attribute(0x8000, attribute(1, native<std::uint16_t>(2)));
    for (const std::string& prefix : peer.allowed)
        allowed += attribute(0x8000, allowed_attributes(prefix));
    return out + attribute(9 | 0x8000, allowed);  // WGPEER_A_ALLOWEDIPS, nested
}

// index: nullopt in a message that continues the one before.
inline std::string device_message(std::optional<std::uint32_t> index,
                                  const std::vector<PeerText>& peers) {
    std::string list;
    for (std::size_t i = 0; i < peers.size(); ++i)
        list += attribute(static_cast<std::uint16_t>(i | 0x8000), peer_attributes(peers[i]));
    std::string out("\0\1\0\0", 4);  // genlmsghdr: WG_CMD_GET_DEVICE, WG_GENL_VERSION
    if (index) {
        out += attribute(6, native(std::uint16_t{51820}));  // WGDEVICE_A_LISTEN_PORT
        out += attribute(1, native(*index));                // WGDEVICE_A_IFINDEX
        out += attribute(2, std::string("wg0\0", 4));       // WGDEVICE_A_IFNAME
        out += attribute(3, std::string(32, 'p'));          // WGDEVICE_A_PRIVATE_KEY
    }
    return out + attribute(8 | 0x8000, list);  // WGDEVICE_A_PEERS
}

}  // namespace octroi::wireguard::testing
