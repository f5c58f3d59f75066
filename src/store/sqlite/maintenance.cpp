// SPDX-License-Identifier: GPL-3.0-or-later
// Maintenance: retention, and the derived sums. Anchors: anchors.cpp.
#include <fmt/format.h>

#include "ledger/rules.hpp"
#include "store/sqlite/compactor.hpp"
#include "store/sqlite/sqlite_ledger.hpp"

namespace octroi {
namespace {

// The lists are those of the header, and the header is the one that was hashed.
Status check_digests(const std::string& path, const StoredBatch& stored) {
    if (stored.damage.empty() && !find_violation(stored.batch) &&
        stored.previous_hash.size() == hash_octets) {
        const BatchDigests lists = digests(canonical(stored.batch));
        if (lists == stored.digests &&
            batch_hash(stored.writer, stored.sequence, stored.previous_hash, stored.batch, lists) ==
                stored.hash)
            return {};
    }
    return fail(ErrorCode::corrupt,
                fmt::format("ledger {}: the rows of batch {} are not those of its header, so they "
                            "are kept; next: run `octroi audit`",
                            path, stored.number));
}

}  // namespace

Result<CompactionProgress> SqliteLedger::compact(const Retention& retention, UtcTime now,
                                                 const CompactionPause& pause) {
    TRY_ASSIGN(const Fd lock, sqlite::lock_for_compaction(db_));
    const auto check_batches = [&](const BatchRange& range) {
        return each_batch_in(
            range, [&](const StoredBatch& stored) { return check_digests(db_.path(), stored); });
    };
    sqlite::Compactor compactor(db_, days_, check_batches, pause);
    TRY(compactor.run(retention, now));
    return compactor.progress();
}

Status SqliteLedger::rebuild_sums() {
    TRY_ASSIGN(const Fd lock, sqlite::lock_for_compaction(db_));
    return days_.rebuild();
}

}  // namespace octroi
