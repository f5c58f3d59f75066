// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

// Messages of nf_tables: what a dump of tables, chains, rules, sets and stateful objects has.
// Source: linux/netfilter/nf_tables.h (attributes), linux/netfilter/nfnetlink.h (nfgenmsg).

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "base/byte_cursor.hpp"

namespace octroi::nftables {

// The message after its nlmsghdr. Texts are as the kernel sent them, without the final 0.
struct NamedItem {
    std::uint8_t family = 0;  // nfgenmsg: 1 is inet
    std::string table;        // of a table: its own name
    std::string name;
    std::uint64_t handle = 0;  // unique in the table; of a table: in the network namespace
    bool is_dormant = false;   // of a table: its chains see no packet
};

struct CounterObject {
    NamedItem item;
    std::uint32_t users = 0;  // map elements and rules that refer to it
    std::uint64_t bytes = 0;
    std::uint64_t packets = 0;
};

// nullopt: a length contradicts the octets, or there is no name.
[[nodiscard]] std::optional<NamedItem> decode_table(ByteSpan message);
[[nodiscard]] std::optional<NamedItem> decode_chain(ByteSpan message);
[[nodiscard]] std::optional<NamedItem> decode_set(ByteSpan message);  // a set or a map
// The name is that of the chain.
[[nodiscard]] std::optional<NamedItem> decode_rule(ByteSpan message);
// The maps to counters in which the expressions of a rule look up ("counter name ip saddr map @m").
// Empty: also of a message that is malformed.
[[nodiscard]] std::vector<std::string> decode_rule_maps(ByteSpan message);
// nullopt: also an object that is no counter.
[[nodiscard]] std::optional<CounterObject> decode_counter(ByteSpan message);

}  // namespace octroi::nftables
