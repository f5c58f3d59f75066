// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

// Which rows answer a question: the coarsest ones that fit. Whole days of the period come from the
// sums by day; the rest of the period from transfers and, where these were compacted, from the sums
// that are left.

#include <cstdint>
#include <span>
#include <vector>

#include "ledger/query.hpp"
#include "store/sqlite/compacted.hpp"
#include "store/sqlite/database.hpp"
#include "store/sqlite/day_rows.hpp"
#include "store/sqlite/rows.hpp"

namespace octroi::sqlite {

struct SumPlan {
    // Of the table `day`, ascending: read from day_sum or day_end.
    std::vector<BucketRange> days;
    DayPosition summed;  // these tables contain so much
    // The rest of the period, ascending: read from summed batches. Later rows are read for
    // the whole period.
    std::vector<BucketRange> rest;
};

// steps: as SumCollector::steps().
[[nodiscard]] Result<SumPlan> plan_sums(const Database& db, const SumQuestion& question,
                                        const BucketRange& period,
                                        const std::vector<std::int64_t>& steps,
                                        std::span<const CompactedRun> compacted);

// The same days as ranges without a day between two of them.
[[nodiscard]] std::vector<BucketRange> joined(const std::vector<BucketRange>& days);

// Whether a step begins within the range, but not where the range begins.
[[nodiscard]] bool is_cut(const BucketRange& range, const std::vector<std::int64_t>& steps);

}  // namespace octroi::sqlite
