// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

// What the kernel's packet log (nfnetlink_log) states beside a packet. The packet itself is decoded
// by wire/packet: a message from nfgenmsg on is a frame of LinkType::nflog. Format:
// linux/netfilter/nfnetlink_log.h. Pure; never reads outside the message. Numbers are in network
// order, the lengths and types of attributes in the order of the host, which is little endian.

#include <cstdint>
#include <optional>

#include "base/address.hpp"
#include "base/byte_cursor.hpp"
#include "base/time.hpp"

namespace octroi::nflog {

// Where the packet was logged (linux/netfilter.h, enum nf_inet_hooks).
enum class Hook : std::uint8_t {
    prerouting = 0,
    input = 1,
    forward = 2,
    output = 3,
    postrouting = 4,
    ingress = 5,
};

struct LogMessage {
    // Of all messages of the group since it was opened, from 0 on; absent: the kernel does not
    // count them.
    std::optional<std::uint32_t> sequence;
    std::optional<UtcTime> time;      // absent: the kernel has not stamped the packet
    std::uint32_t in_interface = 0;   // ifIndex; 0: there is none, as for packets of this machine
    std::uint32_t out_interface = 0;  // 0: not known at this hook
    Hook hook = Hook::prerouting;
    Mac src_mac;  // empty: not known
    Mac dst_mac;  // likewise
};

// message: from nfgenmsg on, without nlmsghdr. False: it has no packet.
[[nodiscard]] bool decode(ByteSpan message, LogMessage& out) noexcept;

}  // namespace octroi::nflog
