// SPDX-License-Identifier: GPL-3.0-or-later
#include "store/sqlite/compaction_cleanup.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <vector>

namespace octroi::sqlite {
namespace {

// Rows of one slice: some milliseconds, and a sync.
constexpr std::int64_t removed_at_once = 4000;

constexpr const char* delete_old_rows =
    "DELETE FROM old_transfer WHERE (compaction, begin, meter, from_party, to_party, service) "
    "IN (SELECT compaction, begin, meter, from_party, to_party, service FROM old_transfer "
    "WHERE compaction >= ?1 AND compaction <= ?2 LIMIT ?3)";

constexpr const char* delete_sampled =
    "DELETE FROM sampled WHERE transfer IN (SELECT transfer FROM sampled WHERE transfer >= ?1 AND "
    "transfer < ?2 LIMIT ?3)";

constexpr const char* delete_transfers =
    "DELETE FROM transfer WHERE transfer_id IN (SELECT transfer_id FROM transfer WHERE transfer_id "
    ">= ?1 AND transfer_id < ?2 LIMIT ?3)";

constexpr const char* delete_cursors =
    "DELETE FROM batch_cursor WHERE (batch, source) IN (SELECT batch, source FROM batch_cursor "
    "WHERE batch BETWEEN ?1 AND ?2 LIMIT ?3)";

constexpr const char* delete_kept_cursors =
    "DELETE FROM compaction_cursor WHERE (compaction, meter, source) IN (SELECT compaction, meter, "
    "source FROM compaction_cursor WHERE compaction BETWEEN ?1 AND ?2 LIMIT ?3)";

Error wrong_headers(const Database& db, const CompactedRun& run) {
    return {ErrorCode::corrupt,
            fmt::format("ledger {}: the headers of the batches {} to {} are not those that "
                        "compaction {} has replaced, so the rows that are left of them are kept; "
                        "next: run `octroi audit`",
                        db.path(), run.first_batch, run.last_batch, run.compaction)};
}

}  // namespace

Status CompactionCleanup::all() {
    TRY(unfinished());
    TRY_ASSIGN(const auto runs, compacted_runs(db_));
    std::vector<std::int64_t> kept;
    for (const CompactedRun& run : runs) kept.push_back(run.compaction);
    std::sort(kept.begin(), kept.end());
    std::int64_t checked = 0;
    for (const std::int64_t number : kept) {
        if (checked + 1 < number) TRY(remove_sums(checked + 1, number - 1, true));
        checked = number;
    }
    Status first;
    for (const CompactedRun& run : runs) {
        const Status removed = remove_rows_of(run);
        if (!removed && removed.error().code != ErrorCode::corrupt) return removed;
        if (first) first = removed;
    }
    return first;
}

Status CompactionCleanup::unfinished() {
    TRY_ASSIGN(const std::int64_t last,
               db_.number("SELECT coalesce(max(number), 0) FROM compaction"));
    TRY_ASSIGN(const std::int64_t rows_of,
               db_.number("SELECT max((SELECT coalesce(max(compaction), 0) FROM old_transfer), "
                          "(SELECT coalesce(max(compaction), 0) FROM compaction_cursor))"));
    // One compaction at a time works, so only the next number can be unfinished.
    if (rows_of > last + 1)
        return fail(ErrorCode::corrupt,
                    fmt::format("ledger {}: there are sums of compaction {}, but the last record "
                                "is {}; next: run `octroi audit`",
                                db_.path(), rows_of, last));
    return remove_sums(last + 1, last + 1, false);
}

Status CompactionCleanup::remove_sums(std::int64_t first, std::int64_t last, bool counts) {
    TRY(delete_slices(delete_old_rows, first, last, counts));
    return delete_slices(delete_kept_cursors, first, last, false);
}

Status CompactionCleanup::replaced_by(const CompactedRun& run,
                                      std::span<const std::int64_t> earlier) {
    for (const std::int64_t number : earlier) TRY(remove_sums(number, number, true));
    return remove_rows_of(run);
}

Status CompactionCleanup::remove_rows_of(const CompactedRun& run) {
    TRY_ASSIGN(const Range range, range_of(run));
    TRY_ASSIGN(const bool any, has_rows(range));
    if (any) {
        TRY(check_headers(run));
        TRY(delete_slices(delete_sampled, range.first, range.end, false));
        TRY(delete_slices(delete_transfers, range.first, range.end, true));
    }
    return delete_slices(delete_cursors, run.first_batch, run.last_batch, false);
}

Result<CompactionCleanup::Range> CompactionCleanup::range_of(const CompactedRun& run) {
    TRY_ASSIGN(auto header, Statement::prepare(db_,
                                               "SELECT first_transfer, transfers FROM batch WHERE "
                                               "number = ?1"));
    Range range;
    for (const std::int64_t number : {run.first_batch, run.last_batch}) {
        header.bind(1, number);
        TRY_ASSIGN(const bool found, header.step());
        if (!found || __builtin_add_overflow(header.number(0), header.number(1), &range.end))
            return std::unexpected(wrong_headers(db_, run));
        if (number == run.first_batch) range.first = header.number(0);
        header.reset();
    }
    return range;
}

Result<bool> CompactionCleanup::has_rows(const Range& range) {
    TRY_ASSIGN(auto find,
               Statement::prepare(
                   db_,
                   "SELECT EXISTS (SELECT 1 FROM transfer WHERE transfer_id >= ?1 AND transfer_id "
                   "< ?2) OR EXISTS (SELECT 1 FROM sampled WHERE transfer >= ?1 AND transfer < "
                   "?2)"));
    find.bind(1, range.first);
    find.bind(2, range.end);
    TRY_ASSIGN([[maybe_unused]] const bool row, find.step());
    return find.number(0) != 0;
}

Status CompactionCleanup::check_headers(const CompactedRun& run) {
    // From the batch before the run to the one behind it: all of them follow each other.
    TRY_ASSIGN(auto header,
               Statement::prepare(db_,
                                  "SELECT number, first_transfer, transfers FROM batch WHERE "
                                  "number BETWEEN ?1 AND ?2 ORDER BY number"));
    header.bind(1, run.first_batch - 1);
    header.bind(2, run.last_batch + 1);
    std::int64_t expected = 1;
    std::int64_t number = run.first_batch > 1 ? run.first_batch - 1 : 1;
    bool first = true;
    while (true) {
        TRY_ASSIGN(const bool row, header.step());
        if (!row) break;
        const std::int64_t begin = header.number(1);
        if (first && run.first_batch > 1) expected = begin;
        first = false;
        const bool follows = header.number(0) == number++ && begin == expected;
        if (!follows || header.number(2) < 0 ||
            __builtin_add_overflow(begin, header.number(2), &expected)) {
            header.reset();
            return std::unexpected(wrong_headers(db_, run));
        }
    }
    TRY_ASSIGN(const std::string digest, batches_digest(db_, run.first_batch, run.last_batch));
    TRY_ASSIGN(auto record,
               Statement::prepare(db_, "SELECT batches_digest FROM compaction WHERE number = ?1"));
    record.bind(1, run.compaction);
    TRY_ASSIGN(const bool found, record.step());
    if (number <= run.last_batch || !found || record.octets(0) != digest)
        return std::unexpected(wrong_headers(db_, run));
    return {};
}

// Deletes rows in slices, until there are none or the caller stops.
Status CompactionCleanup::delete_slices(const char* sql, std::int64_t first, std::int64_t second,
                                        bool counts) {
    TRY_ASSIGN(auto remove, Statement::prepare(db_, sql));
    remove.bind(1, first);
    remove.bind(2, second);
    remove.bind(3, removed_at_once);
    for (std::int64_t changed = 1; changed > 0 && !slices_.stopped();) {
        const auto slice = [&]() -> Status {
            TRY(remove.run());
            changed = sqlite3_changes64(db_.handle());
            if (counts) slices_.progress.removed += static_cast<std::uint64_t>(changed);
            return {};
        };
        TRY(slices_.run(slice));
    }
    return {};
}

}  // namespace octroi::sqlite
