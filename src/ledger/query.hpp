// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

// The port for reading a ledger. Reads see one consistent state each and never block the writer.
// Folding sums into what a person asked (received, sent, trees, time zones) is ledger/usage.hpp.

#include <cstdint>
#include <functional>
#include <optional>
#include <string>
#include <vector>

#include "base/result.hpp"
#include "ledger/chain.hpp"
#include "record/batch.hpp"
#include "record/estimate.hpp"

namespace octroi {

// Which transfers, and which of their columns to keep apart. What is not kept apart is summed:
// its field in TransferSum is empty (or the start of the period).
struct SumQuestion {
    Interval period;                   // over Transfer::bucket
    std::optional<std::string> meter;  // only this meter
    std::optional<MeterRole> role;     // only meters of this role
    bool by_bucket = false;
    bool by_meter = false;
    bool by_identity = false;  // false: parties differ by kind and name only
    bool by_service = false;
    bool estimates = false;  // also what was scaled up from samples; asked for, it takes longer
};

struct TransferSum {
    UtcTime bucket;
    std::string meter;
    MeterRole role = MeterRole::bill;
    Party from;
    Party to;
    std::string service;
    Volume volume;
    Estimate estimate;  // what of the volume was not counted; nothing unless asked for
};

// Who stood behind an outside address at a moment.
struct TranslationQuestion {
    Address outside;
    std::optional<std::uint16_t> port;     // absent: of any, and of protocols without ports
    std::optional<std::uint8_t> protocol;  // absent: of any
    UtcTime at;
};

struct MeterState {
    MeterName meter;
    std::uint64_t batches = 0;
    UtcTime last_booked;                   // booked_at of the newest batch
    UtcTime last_bucket = UtcTime::min();  // start of the newest bucket that has traffic; min: none
    Volume volume;                         // of all its transfers
    std::uint64_t losses = 0;
    std::uint64_t lost_packets = 0;  // sum where known
    std::vector<Cursor> cursors;
};

struct MeterLoss {
    std::string meter;
    Loss loss;
};

// A batch as it stands in the ledger, with its place in the chain.
struct StoredBatch {
    std::uint64_t sequence = 0;  // 1, 2, 3, … without gaps
    Batch batch;
    std::string previous_hash;  // 32 octets; of batch 1: zeros
    std::string hash;
    // Empty, or what of the stored batch cannot be read or does not fit together: somebody has
    // changed the database behind our back, or it is broken. The rest is as found.
    std::string damage;
};

// A version of the directory as it stands in the ledger, with its place in the directory's chain.
struct StoredDirectoryChange {
    DirectoryDelta delta;
    std::string hash;
    std::string damage;  // as in StoredBatch
};

class Query {
public:
    virtual ~Query() = default;

    // Everything that is read inside sees the same state of the ledger. Not to be nested.
    [[nodiscard]] virtual Status snapshot(const std::function<Status()>& inside) = 0;

    // Sorted by the fields in their order. over_limit when a sum does not fit into 64 bits.
    [[nodiscard]] virtual Result<std::vector<TransferSum>> sums(const SumQuestion& question) = 0;
    [[nodiscard]] virtual Result<std::vector<MeterState>> meters() = 0;
    [[nodiscard]] virtual Result<std::vector<MeterLoss>> losses(Interval period) = 0;

    // The translations that held then, sorted. One that is not known to have ended holds until the
    // next of the same exporter for the same outside end (address, protocol, ports, far end)
    // begins.
    [[nodiscard]] virtual Result<std::vector<Translation>> translations(
        const TranslationQuestion& question) = 0;

    // Every batch in order of sequence, as stored. The visitor's error ends the walk and is
    // returned.
    using BatchVisitor = std::function<Status(const StoredBatch&)>;
    [[nodiscard]] virtual Status each_batch(const BatchVisitor& visit) = 0;
    // The versions of the directory, in order, in the same manner.
    using DirectoryVisitor = std::function<Status(const StoredDirectoryChange&)>;
    [[nodiscard]] virtual Status each_directory_change(const DirectoryVisitor& visit) = 0;
    // The cursors as they stand now: the audit compares them with those of the batches.
    [[nodiscard]] virtual Result<std::vector<std::pair<std::string, Cursor>>> current_cursors() = 0;
    // What the store finds wrong with itself where the walks above do not come by: pages, indices,
    // rows that belong to no batch, class tables. One sentence each; none: all is well.
    [[nodiscard]] virtual Result<std::vector<std::string>> self_check() = 0;
};

}  // namespace octroi
