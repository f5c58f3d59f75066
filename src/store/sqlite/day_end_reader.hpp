// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include <vector>

#include "store/sqlite/database.hpp"
#include "store/sqlite/end_table.hpp"
#include "store/sqlite/rows.hpp"
#include "store/sqlite/sum_collector.hpp"

namespace octroi::sqlite {

// As add_day_sums(), for a question by end.
[[nodiscard]] Status add_day_ends(const Database& db, const SumQuestion& question,
                                  const std::vector<BucketRange>& days, const NumberSet& meters,
                                  SumCollector& collector);

}  // namespace octroi::sqlite
