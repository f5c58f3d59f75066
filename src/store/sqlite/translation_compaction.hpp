// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

// The part of a compaction that concerns translations: their digest for the record, and the
// deletion of those that are over.

#include <optional>

#include "store/sqlite/compaction_slices.hpp"
#include "store/sqlite/database.hpp"
#include "store/sqlite/old_translations.hpp"

namespace octroi::sqlite {

class TranslationCompaction {
public:
    // Both must outlive it.
    TranslationCompaction(const Database& db, CompactionSlices& slices)
        : db_(db), slices_(slices) {}

    // Before the first compaction: compares the translations with the last record, and deletes
    // those that a compaction which was cut off has left. Error: corrupt.
    [[nodiscard]] Status begin();
    // For the record of a run, at the end of its compaction. After a stop: nothing that counts.
    [[nodiscard]] Result<ListDigest> digest_with(const CompactedRun& run);
    // In the transaction that writes the record. False: since digest_with(), a commit has ended a
    // translation that is over, so the digest is wrong; it has to be computed again.
    [[nodiscard]] Result<bool> is_valid();
    // Deletes those that are over, after the record was written.
    [[nodiscard]] Status remove_over();
    // The run of digest_with() was not recorded.
    void discard() { translations_.reset(); }

private:
    [[nodiscard]] OldTranslations::GoOn go_on() {
        return [this] { return slices_.go_on(); };
    }

    const Database& db_;
    CompactionSlices& slices_;
    bool is_checked_ = false;
    std::optional<OldTranslations> translations_;
    std::int64_t last_batch_ = 0;  // before the digest was computed
};

}  // namespace octroi::sqlite
