// SPDX-License-Identifier: GPL-3.0-or-later
#include "store/sqlite/compaction_lists.hpp"

#include <fmt/format.h>

#include <algorithm>

#include "store/sqlite/rows.hpp"

namespace octroi::sqlite {
namespace {

// Those that overlap with the range.
Result<std::vector<BucketRange>> read_days(const Database& db, const BucketRange& range) {
    TRY_ASSIGN(auto find, Statement::prepare(db,
                                             "SELECT begin, end FROM day WHERE begin < ?2 AND "
                                             "begin >= coalesce((SELECT max(begin) FROM day WHERE "
                                             "begin <= ?1), ?1) ORDER BY begin"));
    find.bind(1, range.begin);
    find.bind(2, range.end);
    std::vector<BucketRange> days;
    while (true) {
        TRY_ASSIGN(const bool row, find.step());
        if (!row) return days;
        days.push_back({find.number(0), find.number(1)});
    }
}

// From the columns meter, source, position, version, note.
KeptCursor kept_from(const Statement& row) { return {row.text(0), cursor_from(row, 1)}; }

// From the same columns, and version, position, note of the row in table cursor.
Result<std::vector<KeptCursor>> read_current(const Database& db, Statement& find) {
    std::vector<KeptCursor> current;
    while (true) {
        TRY_ASSIGN(const bool row, find.step());
        if (!row) break;
        const KeptCursor kept = kept_from(find);
        const bool is_older = !find.is_null(5) && find.figure(5) > kept.cursor.version;
        if (is_older) continue;
        if (find.is_null(5) || find.figure(5) < kept.cursor.version ||
            find.octets(6) != kept.cursor.position || find.octets(7) != kept.cursor.note)
            return fail(ErrorCode::corrupt,
                        fmt::format("ledger {}: the current cursor of '{}' of meter {} is not that "
                                    "of its last batch, so the batch is kept; next: run `octroi "
                                    "audit`",
                                    db.path(), kept.cursor.source, kept.meter));
        current.push_back(kept);
    }
    std::sort(current.begin(), current.end());
    return current;
}

}  // namespace

Result<ListDigest> days_of(const Database& db, std::span<const OldRow> rows) {
    if (rows.empty()) return days_digest({});
    TRY_ASSIGN(const auto days, read_days(db, {rows.front().begin, rows.back().begin + 1}));
    std::vector<Interval> found;
    auto next = days.begin();
    for (const OldRow& row : rows) {
        // The rows are sorted by `begin`, and so are the days.
        while (next != days.end() && next->end <= row.begin) ++next;
        if (next == days.end()) break;
        if (!next->contains(row.begin)) continue;
        const Interval day{bucket_time(next->begin), bucket_time(next->end)};
        if (found.empty() || found.back() != day) found.push_back(day);
    }
    return days_digest(found);
}

Result<std::vector<KeptCursor>> current_of_batches(const Database& db, std::int64_t first_batch,
                                                   std::int64_t last_batch) {
    TRY_ASSIGN(auto find,
               Statement::prepare(
                   db,
                   "SELECT m.name, o.source, o.position, o.version, o.note, c.version, c.position, "
                   "c.note FROM batch_cursor o JOIN batch b ON b.number = o.batch JOIN meter m ON "
                   "m.meter_id = b.meter LEFT JOIN cursor c ON c.meter = m.name AND c.source = "
                   "o.source WHERE o.batch BETWEEN ?1 AND ?2"));
    find.bind(1, first_batch);
    find.bind(2, last_batch);
    return read_current(db, find);
}

Result<std::vector<KeptCursor>> current_of_compaction(const Database& db, std::int64_t compaction) {
    TRY_ASSIGN(auto find,
               Statement::prepare(
                   db,
                   "SELECT o.meter, o.source, o.position, o.version, o.note, c.version, "
                   "c.position, c.note FROM compaction_cursor o LEFT JOIN cursor c ON c.meter = "
                   "o.meter AND c.source = o.source WHERE o.compaction = ?1"));
    find.bind(1, compaction);
    return read_current(db, find);
}

Result<std::vector<KeptCursor>> kept_cursors(const Database& db, std::int64_t compaction) {
    TRY_ASSIGN(auto find, Statement::prepare(db,
                                             "SELECT meter, source, position, version, note FROM "
                                             "compaction_cursor WHERE compaction = ?1"));
    find.bind(1, compaction);
    std::vector<KeptCursor> kept;
    while (true) {
        TRY_ASSIGN(const bool row, find.step());
        if (!row) break;
        kept.push_back(kept_from(find));
    }
    std::sort(kept.begin(), kept.end());
    return kept;
}

Status read_content(const Database& db, const CompactedRun& run, std::span<const OldRow> rows,
                    CompactionContent& content) {
    TRY_ASSIGN(content.days, days_of(db, rows));
    TRY_ASSIGN(content.cursors, kept_cursors(db, run.compaction));
    TRY_ASSIGN(content.meters, summarize(db, rows));
    return {};
}

}  // namespace octroi::sqlite
