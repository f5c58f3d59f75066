// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

// Messages of the generic netlink family "wireguard": the answers to WG_CMD_GET_DEVICE. Source:
// linux/wireguard.h (attributes; numbers are in the byte order of the machine),
// drivers/net/wireguard/netlink.c (how the kernel divides them), linux/genetlink.h (genlmsghdr).

#include <array>
#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "base/address.hpp"
#include "base/byte_cursor.hpp"

namespace octroi::wireguard {

inline constexpr std::size_t key_octets = 32;  // WG_KEY_LEN

struct Peer {
    std::array<std::byte, key_octets> key{};  // public
    // Octets of WireGuard messages, from and to the peer, since it was added. Absent: the message
    // only continues the list of its addresses.
    std::optional<std::uint64_t> received;
    std::optional<std::uint64_t> sent;
    // The inner addresses that the peer may use (AllowedIPs); a long list goes on in the next
    // message.
    std::vector<Prefix> allowed;
};

struct DeviceMessage {
    std::uint32_t index = 0;  // of the interface; 0: the message continues the one before
    std::vector<Peer> peers;
};

// The message after its nlmsghdr. An interface with many peers has several. nullopt: a length
// contradicts the octets, or a peer has no key of the right length. Memory: about 130 octets for a
// peer of the message, which has at least 40 octets there, and 18 for an address, which has at
// least 24.
[[nodiscard]] std::optional<DeviceMessage> decode_device(ByteSpan message);

// Base64 (RFC 4648, section 4), as `wg show` prints it: 43 characters and "=".
[[nodiscard]] std::string key_text(const std::array<std::byte, key_octets>& key);

}  // namespace octroi::wireguard
