// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

// What must be so before a compaction is recorded.

#include "ledger/compaction.hpp"
#include "store/sqlite/database.hpp"

namespace octroi::sqlite {

// Conservation: the meters of the record have exactly what the headers say. Errors: corrupt,
// over_limit.
[[nodiscard]] Status check_conserved(const Database& db, const CompactionRecord& record);

// The rows in the table are as many as the record says, with the same sums, modulo 2^64. Computed
// by SQLite: it is fast, and other processes wait meanwhile. Error: corrupt.
[[nodiscard]] Status check_written(const Database& db, const CompactionRecord& record);

// Of one batch, if the plan has several it is split first.
[[nodiscard]] Error sum_of_batch_does_not_fit(const Database& db);

}  // namespace octroi::sqlite
