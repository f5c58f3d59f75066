// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

// The packet log of this network namespace (nfnetlink_log): the packets that firewall rules send to
// a group (`log group N` of nftables, `-j NFLOG --nflog-group N` of iptables).

#include <cstddef>
#include <cstdint>
#include <memory>

#include "base/byte_cursor.hpp"
#include "base/result.hpp"
#include "base/time.hpp"

namespace octroi {

struct PacketLogOptions {
    std::uint16_t group = 0;
    std::uint32_t copied_octets = 128;  // of each packet, from its IP header on
    std::uint32_t buffer_octets = 8U << 20U;
};

// One group. One thread at a time.
class PacketLog {
public:
    // message: from nfgenmsg on; valid during the call only; decoded by wire/nflog.
    using Handler = void (*)(void* context, ByteSpan message);

    virtual ~PacketLog() = default;
    // Calls the handler for each message that waits, for `limit` of them or up to one buffer more,
    // and returns their number. Does not block.
    [[nodiscard]] virtual Result<std::size_t> read(std::size_t limit, Handler handler,
                                                   void* context) = 0;
    // Blocks until there are messages, at most for `wait`. May return early.
    virtual void wait(Duration wait) = 0;
    // How often the buffer was full. The sequence numbers of messages say how many were lost.
    [[nodiscard]] virtual std::uint64_t overruns() const = 0;
};

// Errors: permission (CAP_NET_ADMIN), busy (another program reads the group), unsupported (the
// kernel has no nfnetlink_log).
[[nodiscard]] Result<std::unique_ptr<PacketLog>> open_packet_log(const PacketLogOptions& options);

}  // namespace octroi
