// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

// Decodes a flowtable of nftables (NFTA_FLOWTABLE_ attributes of linux/netfilter/nf_tables.h).
// Pure.

#include <optional>
#include <string>

#include "base/byte_cursor.hpp"

namespace octroi::conntrack {

struct Flowtable {
    std::string table;
    std::string name;
    // NFT_FLOWTABLE_HW_OFFLOAD: the network card forwards, where it can.
    bool offloads = false;
    // NFT_FLOWTABLE_COUNTER: its packets are in the counters of the connections.
    bool counts = false;
};

// message: of NFT_MSG_NEWFLOWTABLE, from nfgenmsg on. nullopt: a length contradicts the octets, or
// there is no name.
[[nodiscard]] std::optional<Flowtable> decode_flowtable(ByteSpan message);

}  // namespace octroi::conntrack
