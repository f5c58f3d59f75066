// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

// The content of one commit. The metering loop of one meter makes it. The store commits it
// completely or not at all. A second commit of the same batch changes nothing.

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
    std::string name;  // chosen by the user
    std::string kind;  // "capture", "collector", …
    MeterRole role = MeterRole::bill;

    auto operator<=>(const MeterName&) const = default;
};

// The position at which a meter continues after a restart. A meter has one cursor for each source
// that it reads.
struct Cursor {
    std::string source;    // "file:<fingerprint>", "interface:eth0"
    std::string position;  // in a format of the meter's own
    // Number of commits of this cursor. A batch moves it from `version - 1` to `version`. If the
    // ledger has another version, another process reads the same source: the commit is refused.
    std::uint64_t version = 0;
    // For people: "capture.pcap, 1.2 GiB read".
    std::string note;

    auto operator<=>(const Cursor&) const = default;
};

// For a transfer that was scaled up from samples, completely or in part: the counted part, and the
// variance of the volume (base/sampling.hpp).
struct SampledVolume {
    std::uint32_t transfer = 0;  // place in Batch::transfers
    Bytes bytes;                 // counted; includes unsampled traffic completely
    Packets packets;
    std::uint64_t bytes_variance = 0;    // KiB²; at variance_max: that or more
    std::uint64_t packets_variance = 0;  // packets²; at variance_max: that or more

    auto operator<=>(const SampledVolume&) const = default;
};

struct Batch {
    BatchId id;
    MeterName meter;
    UtcTime booked_at;          // when the batch was made; transfers have the time of the traffic
    std::string class_version;  // content hash of the class table used, in hex; empty: none
    std::uint64_t directory_version = 0;

    std::vector<Party> parties;         // each once
    std::vector<std::string> services;  // each once
    std::vector<Transfer> transfers;    // sorted, one row per (bucket, from, to, service)
    // One for each transfer that was scaled up, in the order of the transfers.
    std::vector<SampledVolume> sampled;
    std::vector<Cursor> cursors;
    std::vector<Loss> losses;
    // Translations that began, and those that ended, with their end. At most one entry for each:
    // none differs from another in its end only.
    std::vector<Translation> translations;

    // The total that the meter counted for this batch. The ledger refuses a batch if the sum of the
    // transfers differs (conservation), and stores the total for audits.
    Volume observed;
};

}  // namespace octroi
