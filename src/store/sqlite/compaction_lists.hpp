// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

// What a record proves beside the rows of its compaction: days and current cursors; translations:
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

// The cursors of the batches that are current. The same, of those that an earlier
// compaction has kept. Both are sorted.
[[nodiscard]] Result<std::vector<KeptCursor>> current_cursors(const Database& db,
                                                              std::int64_t first_batch,
                                                              std::int64_t last_batch);
[[nodiscard]] Result<std::vector<KeptCursor>> current_cursors(const Database& db,
                                                              std::int64_t compaction);
// All that the ledger has of a compaction that is recorded. `rows`: its rows. Error: corrupt, as
// summarize() and OldTranslations::kept().
[[nodiscard]] Result<CompactionContent> content_of(const Database& db, const CompactedRun& run,
                                                   std::span<const OldRow> rows);

}  // namespace octroi::sqlite
