// SPDX-License-Identifier: GPL-3.0-or-later
#include "store/sqlite/old_translations.hpp"

#include <fmt/format.h>

#include <algorithm>

#include "store/sqlite/translations.hpp"

namespace octroi::sqlite {

Status OldTranslations::prepare() {
    if (ready_) return {};
    const auto select = [&](const char* batch) {
        return Statement::prepare(
            db_, fmt::format("SELECT {}, end_at, opened, coalesce(closed, 0), rowid FROM "
                             "translation WHERE {} BETWEEN ?1 AND ?2",
                             translation_columns, batch));
    };
    TRY_ASSIGN(opened_, select("opened"));
    TRY_ASSIGN(closed_, select("closed"));
    TRY_ASSIGN(earlier_,
               Statement::prepare(
                   db_,
                   "SELECT o.opened, coalesce(o.closed, 0), o.end_at FROM translation t JOIN "
                   "translation o "
                   "ON o.outside = t.outside AND o.first_port = t.first_port AND o.begin_at < "
                   "t.begin_at AND o.last_port = t.last_port AND o.port_step = t.port_step AND "
                   "o.protocol = t.protocol AND o.remote = t.remote AND o.remote_port = "
                   "t.remote_port AND o.exporter = t.exporter WHERE t.rowid = ?1"));
    ready_ = true;
    return {};
}

Status OldTranslations::read(const CompactedRun& run, const Sink& sink) {
    TRY(prepare());
    for (Statement* find : {&opened_, &closed_}) {
        find->bind(1, run.first_batch);
        find->bind(2, run.last_batch);
        while (true) {
            TRY_ASSIGN(const bool found, find->step());
            if (!found) break;
            Row row;
            row.is_readable = translation_from(*find, row.translation);
            row.opened = find->number(translation_column_count + 1);
            row.closed = find->number(translation_column_count + 2);
            row.rowid = find->number(translation_column_count + 3);
            row.is_of_end = find == &closed_;
            if (row.is_of_end && run.contains(row.opened)) continue;
            TRY_ASSIGN(const bool more, sink(row));
            if (more) continue;
            find->reset();
            return {};
        }
    }
    return {};
}

// Whether compacted batches reported begin and end. An exporter can report any end.
bool OldTranslations::has_ended(std::int64_t opened, std::int64_t closed, UtcTime end) const {
    return is_compacted(opened) && is_compacted(closed) && end < at_;
}

Result<bool> OldTranslations::is_removed(const Row& row) {
    if (!has_ended(row.opened, row.closed, row.translation.valid.end)) return false;
    // An earlier one that stays would seem to be valid again.
    const std::int64_t last = runs_.back().last_batch;
    earlier_.bind(1, row.rowid);
    bool is_in_the_way = false;
    while (!is_in_the_way) {
        TRY_ASSIGN(const bool found, earlier_.step());
        if (!found) break;
        const std::int64_t opened = earlier_.number(0);
        is_in_the_way = opened <= last && !has_ended(opened, earlier_.number(1), earlier_.time(2));
    }
    earlier_.reset();
    return !is_in_the_way;
}

Result<ListDigest> OldTranslations::kept() {
    std::vector<Translation> kept;
    for (const CompactedRun& run : runs_)
        TRY(read(run, [&](const Row& row) -> Result<bool> {
            // Another run has it.
            if (row.is_of_end && is_compacted(row.opened)) return true;
            TRY_ASSIGN(const bool removed, is_removed(row));
            if (removed) return true;
            if (!row.is_readable)
                return fail(ErrorCode::corrupt,
                            fmt::format("ledger {}: a translation of batch {} is damaged; next: "
                                        "run `octroi audit`",
                                        db_.path(), row.opened));
            kept.push_back(row.translation);
            if (row.closed == 0 || !is_compacted(row.closed))
                kept.back().valid.end = UtcTime::max();
            return true;
        }));
    return translations_digest(std::move(kept));
}

Result<std::int64_t> OldTranslations::remove_some(const CompactedRun& run, std::size_t most) {
    std::vector<std::int64_t> rows;
    TRY(read(run, [&](const Row& row) -> Result<bool> {
        TRY_ASSIGN(const bool removed, is_removed(row));
        if (removed) rows.push_back(row.rowid);
        return rows.size() < most;
    }));
    TRY_ASSIGN(auto remove, Statement::prepare(db_, "DELETE FROM translation WHERE rowid = ?1"));
    for (const std::int64_t row : rows) {
        remove.bind(1, row);
        TRY(remove.run());
    }
    return std::ssize(rows);
}

Result<OldTranslations> old_translations(const Database& db) {
    TRY_ASSIGN(auto runs, compacted_runs(db));
    const UtcTime at =
        runs.empty() ? UtcTime{} : std::ranges::max(runs, {}, &CompactedRun::compaction).at;
    return OldTranslations(db, std::move(runs), at);
}

}  // namespace octroi::sqlite
