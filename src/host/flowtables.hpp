// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

// The flowtables of nftables in this network namespace: they forward packets of connections past
// the rules.

#include "base/byte_cursor.hpp"
#include "base/result.hpp"

namespace octroi {

// message: of NFT_MSG_NEWFLOWTABLE, after its nlmsghdr, valid during the call only; decoded by
// wire/conntrack.
using FlowtableHandler = void (*)(void* context, ByteSpan message);

// Calls the handler for each flowtable of all families. Errors: permission (CAP_NET_ADMIN), busy
// (the tables changed meanwhile: list them again). A kernel without nftables has none.
[[nodiscard]] Status list_flowtables(FlowtableHandler handler, void* context);

}  // namespace octroi
