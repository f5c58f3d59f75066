// SPDX-License-Identifier: GPL-3.0-or-later
#include "store/sqlite/compaction_lists.hpp"

#include <algorithm>

#include "store/sqlite/old_translations.hpp"

namespace octroi::sqlite {
namespace {

Result<std::vector<BucketRange>> read_days(const Database& db) {
    TRY_ASSIGN(auto find, Statement::prepare(db, "SELECT begin, end FROM day ORDER BY begin"));
    std::vector<BucketRange> days;
    while (true) {
        TRY_ASSIGN(const bool row, find.step());
        if (!row) return days;
        days.push_back({find.number(0), find.number(1)});
    }
}

Result<std::vector<KeptCursor>> read_cursors(Statement& find) {
    std::vector<KeptCursor> cursors;
    while (true) {
        TRY_ASSIGN(const bool row, find.step());
        if (!row) break;
        cursors.push_back({find.text(0), cursor_from(find, 1)});
    }
    std::sort(cursors.begin(), cursors.end());
    return cursors;
}

// All that the compaction has kept.
Result<std::vector<KeptCursor>> kept_cursors(const Database& db, std::int64_t compaction) {
    TRY_ASSIGN(auto find, Statement::prepare(db,
                                             "SELECT meter, source, position, version, note FROM "
                                             "compaction_cursor WHERE compaction = ?1"));
    find.bind(1, compaction);
    return read_cursors(find);
}

}  // namespace

Result<ListDigest> days_of(const Database& db, std::span<const OldRow> rows) {
    TRY_ASSIGN(const auto days, read_days(db));
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

Result<std::vector<KeptCursor>> current_cursors(const Database& db, std::int64_t first_batch,
                                                std::int64_t last_batch) {
    TRY_ASSIGN(auto find,
               Statement::prepare(
                   db,
                   "SELECT m.name, o.source, o.position, o.version, o.note FROM batch_cursor o "
                   "JOIN batch b ON b.number = o.batch JOIN meter m ON m.meter_id = b.meter JOIN "
                   "cursor c ON c.meter = m.name AND c.source = o.source AND c.version = "
                   "o.version WHERE o.batch BETWEEN ?1 AND ?2"));
    find.bind(1, first_batch);
    find.bind(2, last_batch);
    return read_cursors(find);
}

Result<std::vector<KeptCursor>> current_cursors(const Database& db, std::int64_t compaction) {
    TRY_ASSIGN(
        auto find,
        Statement::prepare(db,
                           "SELECT o.meter, o.source, o.position, o.version, o.note FROM "
                           "compaction_cursor o JOIN cursor c ON c.meter = o.meter AND c.source = "
                           "o.source AND c.version = o.version WHERE o.compaction = ?1"));
    find.bind(1, compaction);
    return read_cursors(find);
}

Result<CompactionContent> content_of(const Database& db, const CompactedRun& run,
                                     std::span<const OldRow> rows) {
    CompactionContent content;
    TRY_ASSIGN(content.meters, summarize(db, rows));
    TRY_ASSIGN(content.days, days_of(db, rows));
    TRY_ASSIGN(content.cursors, kept_cursors(db, run.compaction));
    TRY_ASSIGN(const std::int64_t last,
               db.number("SELECT coalesce(max(number), 0) FROM compaction"));
    if (run.compaction != last) return content;
    TRY_ASSIGN(auto translations, old_translations(db));
    TRY_ASSIGN(content.translations, translations.kept());
    return content;
}

}  // namespace octroi::sqlite
