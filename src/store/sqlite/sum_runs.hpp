// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

// The transfers that a question reads: runs of transfer_id, one or more for each batch.

#include <cstdint>
#include <map>
#include <optional>
#include <span>
#include <vector>

#include "ledger/query.hpp"
#include "store/sqlite/compacted.hpp"
#include "store/sqlite/database.hpp"
#include "store/sqlite/end_table.hpp"
#include "store/sqlite/rows.hpp"
#include "store/sqlite/sum_groups.hpp"
#include "store/sqlite/sum_plan.hpp"

namespace octroi::sqlite {

// The transfers of one batch that are within a range of buckets: [first, end) of transfer_id.
// Within a batch transfers are sorted by bucket, so they are contiguous.
struct TransferRun {
    std::int64_t meter = 0;
    std::int64_t first = 0;
    std::int64_t end = 0;
    Versions::Pair versions;  // that the batch was attributed with; only if asked for
};

// SumQuestion::as_of by row numbers: the last batch that counts of each writer.
using WriterLimits = std::map<std::int64_t, std::int64_t>;
// nullopt: the question has no as_of. Error: not_found (the ledger does not have such a head).
[[nodiscard]] Result<std::optional<WriterLimits>> writer_limits(const Database& db,
                                                                const SumQuestion& question);

// The rows of `meter` that the question selects.
[[nodiscard]] Result<NumberSet> selected_meters(const Database& db, const SumQuestion& question);

struct RunQuestion {
    BucketRange period;
    const SumPlan& plan;
    const NumberSet& meters;
    std::span<const CompactedRun> compacted;  // their batches have no transfers any more
    const std::optional<WriterLimits>& limits;
    bool observed_only = false;  // no corrections
    bool by_versions = false;
};
// In storage order. Error: corrupt.
[[nodiscard]] Result<std::vector<TransferRun>> find_runs(const Database& db,
                                                         const RunQuestion& question);

}  // namespace octroi::sqlite
