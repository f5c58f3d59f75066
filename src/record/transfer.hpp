// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

// The rows of a ledger: parties, transfers and losses.

#include <compare>
#include <cstdint>
#include <optional>
#include <string>

#include "base/quantity.hpp"
#include "base/time.hpp"

namespace octroi {

// The numbers are stored in ledgers: do not change them, only add.
enum class PartyKind : std::uint8_t {
    account = 1,       // name: the account; identity: the one that is bound to it
    unattributed = 2,  // an address in a local network, or a name, without a binding; identity: it
    outside = 3,       // name: the class ("international"); no identity
    excluded = 4,      // not billed; name: the reason ("non-ip", "duplicate", "loopback")
};

[[nodiscard]] constexpr bool is_local(PartyKind kind) noexcept {
    return kind == PartyKind::account || kind == PartyKind::unattributed;
}

// One end of a transfer. Two parties are the same if all fields are equal.
struct Party {
    PartyKind kind = PartyKind::unattributed;
    std::string name;
    // Canonical text of the identity: "10.1.2.3", "10.1.0.0/16", "mac 00:30:ca:b8:d9:bc", "vlan
    // 12", "interface eth0", "as 64500", "next-hop 192.0.2.9", "user alice"; empty: none.
    std::string identity;

    auto operator<=>(const Party&) const = default;
};

// "alice", "@unattributed", "@excluded/non-ip", or the class name: the text of the account column.
[[nodiscard]] std::string to_string(const Party& party);

// A row of a batch. from and to are indices of Batch::parties, service of Batch::services.
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
    not_running = 3,     // the meter was down while the interface counted on
    truncated = 4,       // the source ends within a record
    corrupt = 5,         // part of the source cannot be decoded
    export_gap = 6,      // records of an exporter did not arrive: a gap in its sequence numbers
    socket_drop = 7,     // the receive buffer of the socket was full
    no_template = 8,     // data sets without a template
    counter_reset = 9,   // a counter began again: the end of the old count is not known
    event_drop =
        10,  // events of the kernel were lost: connections that it tracks, packets that it logs
};
inline constexpr LossReason last_loss_reason = LossReason::event_drop;
[[nodiscard]] const char* to_string(LossReason reason);

// Traffic that is known to be missing. Counts are upper bounds; absent: no bound is known.
struct Loss {
    std::string source;  // the interface, or the file
    LossReason reason = LossReason::kernel_drop;
    Interval interval;
    // Packets. Of flow exports the unit depends on the reason: export_gap: records (NetFlow v5, v7,
    // IPFIX), messages (v9), samples (sFlow); socket_drop: datagrams; no_template: data sets;
    // corrupt: records.
    std::optional<std::uint64_t> packets;
    std::optional<std::uint64_t> bytes_bound;

    auto operator<=>(const Loss&) const = default;
};

}  // namespace octroi
