// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

// Removes the rows that compactions have replaced, and those of a compaction that was cut off. What
// the records and headers say is checked before a row is deleted: a wrong number in a damaged
// ledger must not erase the transfers of other batches.

#include <span>
#include <string>

#include "store/sqlite/compacted.hpp"
#include "store/sqlite/compaction_slices.hpp"
#include "store/sqlite/database.hpp"

namespace octroi::sqlite {

class CompactionCleanup {
public:
    // Both must outlive it.
    CompactionCleanup(const Database& db, CompactionSlices& slices) : db_(db), slices_(slices) {}

    // Everything that is left of earlier compactions. Call check_compactions() before. corrupt: the
    // rows of at least one compaction are kept; those of the others are removed.
    [[nodiscard]] Status all();
    // The rows and cursors of a compaction without a record.
    [[nodiscard]] Status unfinished();
    // What a compaction has just replaced: rows of its batches, and of earlier compactions.
    [[nodiscard]] Status replaced_by(const CompactedRun& run,
                                     std::span<const std::int64_t> earlier);

private:
    // Ids of transfers, half-open.
    struct Range {
        std::int64_t first = 0;
        std::int64_t end = 0;
    };
    [[nodiscard]] Status remove_rows_of(const CompactedRun& run);
    [[nodiscard]] Result<bool> has_rows(const Range& range);
    // As the first and the last batch of the run say.
    [[nodiscard]] Result<Range> range_of(const CompactedRun& run);
    // corrupt: the headers are not those of the record, or do not follow each other.
    [[nodiscard]] Status check_headers(const CompactedRun& run);
    // Rows and cursors of the compactions `first` to `last`.
    [[nodiscard]] Status remove_sums(std::int64_t first, std::int64_t last, bool counts);
    [[nodiscard]] Status delete_slices(const char* sql, std::int64_t first, std::int64_t second,
                                       bool counts);

    const Database& db_;
    CompactionSlices& slices_;
};

}  // namespace octroi::sqlite
