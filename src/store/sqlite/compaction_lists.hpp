// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

// What a record proves beside the sums of its compaction: days and current cursors; translations:
// old_translations.hpp. Specification: docs/format/chain.md.

#include <cstdint>
#include <span>
#include <vector>

#include "ledger/compaction.hpp"
#include "store/sqlite/compacted.hpp"
#include "store/sqlite/database.hpp"

namespace octroi::sqlite {

// The days that contain the rows. `rows`: sorted. A day that is missing is left out, so that the
// digest is another one.
[[nodiscard]] Result<ListDigest> days_of(const Database& db, std::span<const OldRow> rows);

// The current cursors among those of batches, and among those that an earlier compaction has kept.
// Sorted. Error: corrupt (table cursor has an older one, or none).
[[nodiscard]] Result<std::vector<KeptCursor>> current_of_batches(const Database& db,
                                                                 std::int64_t first_batch,
                                                                 std::int64_t last_batch);
[[nodiscard]] Result<std::vector<KeptCursor>> current_of_compaction(const Database& db,
                                                                    std::int64_t compaction);
// All that the compaction has kept, sorted.
[[nodiscard]] Result<std::vector<KeptCursor>> kept_cursors(const Database& db,
                                                           std::int64_t compaction);

// What the ledger has of a compaction that is recorded, without translations. `rows`: its rows.
// Error: corrupt, as summarize(); the days and cursors are read all the same.
[[nodiscard]] Status read_content(const Database& db, const CompactedRun& run,
                                  std::span<const OldRow> rows, CompactionContent& content);

}  // namespace octroi::sqlite
