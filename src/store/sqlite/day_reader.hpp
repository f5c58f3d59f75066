// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include <vector>

#include "store/sqlite/database.hpp"
#include "store/sqlite/end_table.hpp"
#include "store/sqlite/rows.hpp"
#include "store/sqlite/sum_collector.hpp"

namespace octroi::sqlite {

// Whether the figures of a row of day_sum or day_end are that or more.
[[nodiscard]] bool is_at_limit(const Figures& figures);
// Adds the estimate of such a row, the four columns from `first` on.
void add_day_estimate(const Statement& row, int first, RowGroups groups, SumCollector& collector);

// Adds the sums of these days to the collector, each transfer once. days: of the table `day`,
// ascending. meters: those that the question selects.
[[nodiscard]] Status add_day_sums(const Database& db, const SumQuestion& question,
                                  const std::vector<BucketRange>& days, const NumberSet& meters,
                                  SumCollector& collector);

}  // namespace octroi::sqlite
