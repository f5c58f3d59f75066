// SPDX-License-Identifier: GPL-3.0-or-later
// Maintenance: retention, and the derived sums. Anchors: anchors.cpp.
#include "store/sqlite/compactor.hpp"
#include "store/sqlite/sqlite_ledger.hpp"

namespace octroi {

Result<CompactionProgress> SqliteLedger::compact(const Retention& retention, UtcTime now,
                                                 const CompactionPause& pause) {
    TRY_ASSIGN(const Fd lock, sqlite::lock_for_compaction(db_));
    sqlite::Compactor compactor(db_, days_, pause);
    TRY(compactor.run(retention, now));
    return compactor.progress();
}

Status SqliteLedger::rebuild_sums() { return days_.rebuild(); }

}  // namespace octroi
