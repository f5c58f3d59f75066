// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

// The ledger's values: who, how much, and what is known to be missing.

#include <compare>
#include <cstdint>
#include <optional>
#include <string>

#include "base/quantity.hpp"
#include "base/time.hpp"

namespace octroi {

// The numbers are stored in ledgers: do not change them, only add.
enum class PartyKind : std::uint8_t {
    account = 1,  // name: the account; identity: how it was recognised
    unattributed =
        2,  // inside a network declared local, bound to nobody; identity: its prefix or address
    outside = 3,   // name: the class ("international"); identity is empty
    excluded = 4,  // left out by policy; name: the reason ("non-ip", "duplicate", "loopback")
};

// One end of a transfer. Two parties are the same when all fields are equal.
struct Party {
    PartyKind kind = PartyKind::unattributed;
    std::string name;
    // Canonical text of the identity: "10.1.2.3", "10.1.0.0/16", "mac 00:30:ca:b8:d9:bc", "vlan
    // 12", "interface eth0", "as 64500", "next-hop 192.0.2.9"; empty where there is none.
    std::string identity;

    auto operator<=>(const Party&) const = default;
};

// "alice", "@unattributed", "@excluded/non-ip", or the class name: the text of the account column.
[[nodiscard]] std::string to_string(const Party& party);

// A row of the ledger inside a batch: indices refer to Batch::parties and Batch::services.
struct Transfer {
    UtcTime bucket;  // start of the bucket, a multiple of bucket_length
    std::uint32_t from = 0;
    std::uint32_t to = 0;
    std::uint32_t service = 0;
    Volume volume;

    auto operator<=>(const Transfer&) const = default;
};

// The numbers are stored in ledgers: do not change them, only add.
enum class LossReason : std::uint8_t {
    kernel_drop = 1,     // the capture ring was full
    interface_drop = 2,  // the interface dropped before the capture
    not_running = 3,     // the meter was down while the interface went on counting
    truncated = 4,       // the source ends in the middle of a record
    corrupt = 5,         // a part of the source cannot be decoded
    export_gap = 6,      // records of an exporter did not arrive: a gap in its sequence numbers
    socket_drop = 7,     // datagrams came faster than they were taken: the socket's buffer was full
    no_template = 8,     // data sets whose template did not come
};
inline constexpr LossReason last_loss_reason = LossReason::no_template;
[[nodiscard]] const char* to_string(LossReason reason);

// What is known not to have been seen. Bounds are upper bounds; absent: no bound is known.
struct Loss {
    std::string source;  // the interface, or the file
    LossReason reason = LossReason::kernel_drop;
    Interval interval;
    // Packets; of an export what its protocol numbers: export_gap: records (NetFlow v5, v7, IPFIX),
    // messages (v9), samples (sFlow); socket_drop: datagrams; no_template: data sets.
    std::optional<std::uint64_t> packets;
    std::optional<std::uint64_t> bytes_bound;

    auto operator<=>(const Loss&) const = default;
};

}  // namespace octroi
