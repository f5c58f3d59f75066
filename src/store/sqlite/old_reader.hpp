// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include <span>

#include "store/sqlite/compacted.hpp"
#include "store/sqlite/sum_collector.hpp"
#include "store/sqlite/sum_runs.hpp"

namespace octroi::sqlite {

// Adds the sums by hour and day that are left of compacted batches. Mostly their batches are
// contained in day_sum, so only the rest of the plan is read; not while day_sum is made again.
// Error: not_found: the question needs a part of an hour or day, or of the batches that were summed
// together.
[[nodiscard]] Status add_old_sums(const Database& db, const SumQuestion& question,
                                  const RunQuestion& runs, SumCollector& collector);

}  // namespace octroi::sqlite
