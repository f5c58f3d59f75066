// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

// The peers of a WireGuard interface of this network namespace, through generic netlink
// (linux/wireguard.h). Nothing here writes to the kernel.

#include <memory>

#include "base/byte_cursor.hpp"
#include "base/result.hpp"

namespace octroi {

// One thread.
class WireguardHost {
public:
    // message: an answer to WG_CMD_GET_DEVICE after its nlmsghdr, valid during the call only;
    // decoded by wire/wireguard. It contains the private key of the interface.
    using Handler = void (*)(void* context, ByteSpan message);

    virtual ~WireguardHost() = default;
    // Calls the handler for each message. index: of the interface. Errors: busy (the peers changed
    // meanwhile: list them again), not_found (there is no such interface any more), permission
    // (CAP_NET_ADMIN), unsupported (the kernel has no WireGuard).
    [[nodiscard]] virtual Status list(int index, Handler handler, void* context) = 0;
};

// Opens nothing; each call opens what it needs.
[[nodiscard]] std::unique_ptr<WireguardHost> wireguard_host();

}  // namespace octroi
