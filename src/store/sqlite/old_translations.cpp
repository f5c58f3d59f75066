// SPDX-License-Identifier: GPL-3.0-or-later
#include "store/sqlite/old_translations.hpp"

#include <fmt/format.h>

#include <algorithm>

namespace octroi::sqlite {
namespace {

// Rows between two calls of go_on.
constexpr std::size_t rows_between = 10'000;
// Mappings of which the newest begin is kept: 10 MB.
constexpr std::size_t begins_max = std::size_t{1} << 16U;

// Two rows are of one mapping if these are equal.
constexpr const char* same_key =
    "o.outside = t.outside AND o.first_port = t.first_port AND o.remote = t.remote AND "
    "o.remote_port = t.remote_port AND o.last_port = t.last_port AND o.port_step = t.port_step AND "
    "o.protocol = t.protocol AND o.exporter = t.exporter";

}  // namespace

Result<OldTranslations> OldTranslations::of(const Database& db) {
    TRY_ASSIGN(auto runs, compacted_runs(db));
    const UtcTime at =
        runs.empty() ? UtcTime{} : std::ranges::max(runs, {}, &CompactedRun::compaction).at;
    return OldTranslations(db, std::move(runs), at);
}

Status OldTranslations::prepare() {
    if (ready_) return {};
    const auto select = [&](std::string_view condition) {
        return Statement::prepare(*db_, fmt::format("SELECT {} FROM translation WHERE {}",
                                                    translation_row_columns, condition));
    };
    TRY_ASSIGN(opened_, select("opened BETWEEN ?1 AND ?2"));
    TRY_ASSIGN(closed_, select("closed BETWEEN ?1 AND ?2"));
    TRY_ASSIGN(newest_, Statement::prepare(
                            *db_, fmt::format("SELECT o.opened, o.begin_at FROM translation t JOIN "
                                              "translation o ON {} "
                                              "AND o.begin_at < ?2 WHERE t.rowid = ?1 ORDER BY "
                                              "o.begin_at DESC",
                                              same_key)));
    ready_ = true;
    return {};
}

Status OldTranslations::add(const CompactedRun& run) {
    std::erase_if(runs_, [&](const CompactedRun& earlier) {
        const bool is_replaced =
            run.first_batch <= earlier.first_batch && earlier.last_batch <= run.last_batch;
        if (is_replaced) digests_.erase(earlier.first_batch);
        return is_replaced;
    });
    if (run.at != at_) digests_.clear();
    at_ = run.at;
    newest_begins_.clear();
    // Rows of other runs of which this one has the other end; and rows that one of this run
    // supersedes.
    TRY(invalidate(
        "SELECT opened FROM translation WHERE closed BETWEEN ?1 AND ?2 UNION SELECT closed FROM "
        "translation WHERE opened BETWEEN ?1 AND ?2 AND closed IS NOT NULL",
        run));
    TRY(invalidate(
        fmt::format("SELECT DISTINCT o.opened FROM (SELECT outside, first_port, remote, "
                    "remote_port, last_port, port_step, protocol, exporter, max(begin_at) AS "
                    "begin_at FROM translation WHERE opened BETWEEN ?1 AND ?2 GROUP BY outside, "
                    "first_port, remote, remote_port, last_port, port_step, protocol, exporter) t "
                    "JOIN translation o ON {} AND o.begin_at < t.begin_at",
                    same_key),
        run));
    runs_.insert(std::ranges::upper_bound(runs_, run.first_batch, {}, &CompactedRun::first_batch),
                 run);
    return {};
}

Status OldTranslations::invalidate(const std::string& batches_sql, const CompactedRun& run) {
    if (digests_.empty()) return {};
    TRY_ASSIGN(auto batches, Statement::prepare(*db_, batches_sql));
    batches.bind(1, run.first_batch);
    batches.bind(2, run.last_batch);
    while (true) {
        TRY_ASSIGN(const bool found, batches.step());
        if (!found) return {};
        if (const CompactedRun* of = run_of(runs_, batches.number(0)))
            digests_.erase(of->first_batch);
    }
}

template <typename Visit>
Status OldTranslations::read_rows(Statement& find, const CompactedRun& run, Visit visit) {
    find.bind(1, run.first_batch);
    find.bind(2, run.last_batch);
    while (true) {
        TRY_ASSIGN(const bool found, find.step());
        if (!found) return {};
        const Status done = visit(translation_row_from(find));
        if (!done) find.reset();
        TRY(done);
    }
}

template <typename Visit>
Status OldTranslations::read(const CompactedRun& run, Visit visit) {
    TRY(prepare());
    TRY(read_rows(opened_, run, visit));
    return read_rows(closed_, run, [&](const TranslationRow& row) {
        return is_compacted(row.opened) ? Status() : visit(row);
    });
}

Result<bool> OldTranslations::is_over(const TranslationRow& row) {
    // What has not begun is not over, whatever an exporter reports as its end.
    if (row.translation.valid.begin >= at_ || !is_compacted(row.opened) ||
        (row.closed != 0 && !is_compacted(row.closed)))
        return false;
    if (row.closed != 0 && row.translation.valid.end < at_) return true;
    TRY_ASSIGN(const UtcTime newest, newest_begin(row));
    return row.translation.valid.begin < newest;
}

Result<UtcTime> OldTranslations::newest_begin(const TranslationRow& row) {
    Translation mapping = row.translation;
    mapping.inside = {};
    mapping.inside_port = 0;
    mapping.valid = {};
    // Two mappings may seem the same if an address of one is not readable.
    const auto known = newest_begins_.find(mapping);
    if (row.is_readable && known != newest_begins_.end()) return known->second;
    TRY(prepare());
    newest_.bind(1, row.rowid);
    newest_.bind(2, at_);
    UtcTime newest = row.translation.valid.begin;
    while (true) {
        TRY_ASSIGN(const bool found, newest_.step());
        if (!found) break;
        if (!is_compacted(newest_.number(0))) continue;
        newest = newest_.time(1);
        break;
    }
    newest_.reset();
    if (newest_begins_.size() >= begins_max) newest_begins_.clear();
    if (row.is_readable) newest_begins_.insert_or_assign(mapping, newest);
    return newest;
}

Result<bool> OldTranslations::was_ended_over(std::int64_t batch) {
    if (runs_.empty()) return false;
    TRY_ASSIGN(auto find,
               Statement::prepare(*db_, fmt::format("SELECT {} FROM translation WHERE closed > ?1 "
                                                    "AND opened <= ?2",
                                                    translation_row_columns)));
    find.bind(1, batch);
    find.bind(2, runs_.back().last_batch);
    while (true) {
        TRY_ASSIGN(const bool found, find.step());
        if (!found) return false;
        TranslationRow row = translation_row_from(find);
        row.closed = 0;
        TRY_ASSIGN(const bool over, is_over(row));
        if (over) return true;
    }
}

Result<ListDigest> OldTranslations::digest(const GoOn& go_on) {
    std::vector<KeptTranslations> kept;
    for (const CompactedRun& run : runs_) {
        auto found = digests_.find(run.first_batch);
        if (found == digests_.end()) {
            if (!go_on()) return ListDigest{};
            TRY_ASSIGN(const ListDigest list, digest_of(run, go_on));
            found = digests_.emplace(run.first_batch, list).first;
        }
        if (found->second.rows > 0)
            kept.push_back({static_cast<std::uint64_t>(run.first_batch),
                            static_cast<std::uint64_t>(run.last_batch), found->second});
    }
    return kept_translations_digest(kept);
}

Result<ListDigest> OldTranslations::digest_of(const CompactedRun& run, const GoOn& go_on) {
    std::vector<Translation> kept;
    std::size_t rows = 0;
    bool stopped = false;
    TRY(read(run, [&](const TranslationRow& row) -> Status {
        if (++rows % rows_between == 0) stopped = stopped || !go_on();
        if (stopped) return {};
        TRY_ASSIGN(const bool over, is_over(row));
        if (over) {
            over_.push_back({row.rowid, row.opened, row.closed, row.translation.valid.begin});
            return {};
        }
        if (!row.is_readable)
            return fail(ErrorCode::corrupt,
                        fmt::format("ledger {}: a translation of batch {} is damaged; next: run "
                                    "`octroi audit`",
                                    db_->path(), row.opened));
        kept.push_back(row.translation);
        if (!is_compacted(row.closed)) kept.back().valid.end = UtcTime::max();
        return {};
    }));
    return translations_digest(std::move(kept));
}

}  // namespace octroi::sqlite
