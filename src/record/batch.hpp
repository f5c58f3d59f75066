// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

// What one commit holds. Made by the driver of one meter, committed by the store: all of it or
// nothing, once however often it is tried.

#include <cstdint>
#include <string>
#include <vector>

#include "base/id.hpp"
#include "base/sampling.hpp"
#include "record/transfer.hpp"
#include "record/translation.hpp"

namespace octroi {

enum class MeterRole : std::uint8_t { bill = 1, witness = 2 };

struct MeterName {
    std::string name;  // the user's name for it
    std::string kind;  // "capture", "collector", …
    MeterRole role = MeterRole::bill;

    auto operator<=>(const MeterName&) const = default;
};

// Where a meter goes on after a restart. A meter has one cursor for each source it reads.
struct Cursor {
    std::string source;    // "file:<fingerprint>", "interface:eth0"
    std::string position;  // the meter's own bytes
    // How often this cursor was committed. A batch moves it from `version - 1` to `version`; if the
    // ledger holds another version, somebody else reads the same source and the commit is refused.
    std::uint64_t version = 0;
    // For people: "capture.pcap, 1.2 GiB read".
    std::string note;

    auto operator<=>(const Cursor&) const = default;
};

// What was really counted of a transfer whose volume is, as a whole or in part, scaled up from
// samples; and how sure the volume is (base/sampling.hpp).
struct SampledVolume {
    std::uint32_t transfer = 0;  // place in Batch::transfers
    Bytes bytes;                 // counted; what was not sampled is counted as it is
    Packets packets;
    std::uint64_t bytes_variance = 0;    // KiB²; variance_max: that or more
    std::uint64_t packets_variance = 0;  // packets²; variance_max: that or more

    auto operator<=>(const SampledVolume&) const = default;
};

struct Batch {
    BatchId id;
    MeterName meter;
    UtcTime booked_at;          // when the batch was made (transfers say when the traffic was)
    std::string class_version;  // the class table used: its content hash in hex; empty: none
    std::uint64_t directory_version = 0;

    std::vector<Party> parties;         // each once
    std::vector<std::string> services;  // each once
    std::vector<Transfer> transfers;    // sorted, one row per (bucket, from, to, service)
    // In the order of the transfers; only those that are scaled.
    std::vector<SampledVolume> sampled;
    std::vector<Cursor> cursors;
    std::vector<Loss> losses;
    // What became known of translations: those that began, and those that ended, with their end.
    // No two that differ in the end alone.
    std::vector<Translation> translations;

    // What the meter says it observed for this batch. The ledger refuses a batch whose transfers do
    // not sum to it (conservation), and keeps it so that an audit can ask again.
    Volume observed;
};

}  // namespace octroi
