// SPDX-License-Identifier: GPL-3.0-or-later
// What the ledger contains. Only batches are read, and the greatest number of other tables:
// count(*) over transfers would read every page.
#include <algorithm>
#include <array>
#include <filesystem>
#include <span>

#include "base/quantity.hpp"
#include "store/sqlite/compacted.hpp"
#include "store/sqlite/files.hpp"
#include "store/sqlite/rows.hpp"
#include "store/sqlite/sqlite_ledger.hpp"

namespace octroi {
namespace {

using sqlite::Database;
using sqlite::Statement;

// Lists of batches; their numbers are in columns of the same names.
constexpr std::array<const char*, 4> list_kinds{"transfers", "sampled counts", "cursor positions",
                                                "losses"};

struct CountedTable {
    const char* kind;
    const char* sql;  // one number
};

// Parties and services are numbered without gaps and never removed; of the others there are few, or
// an index is counted.
constexpr CountedTable counted_tables[] = {
    {"translations", "SELECT count(*) FROM translation INDEXED BY translation_opened"},
    {"parties", "SELECT max(party_id) FROM party"},
    {"services", "SELECT max(service_id) FROM service"},
    {"current cursors", "SELECT count(*) FROM cursor"},
    {"directory versions", "SELECT max(version) FROM directory_change"},
    {"accounts", "SELECT count(*) FROM account WHERE removed IS NULL"},
    {"bindings", "SELECT count(*) FROM binding WHERE removed IS NULL"},
    {"class tables", "SELECT count(*) FROM class_table"},
};

Result<std::uint64_t> octets_of_pages(const Database& db, const char* pragma) {
    TRY_ASSIGN(const std::int64_t pages, db.number(pragma));
    TRY_ASSIGN(const std::int64_t size, db.number("PRAGMA page_size"));
    return static_cast<std::uint64_t>(pages) * static_cast<std::uint64_t>(size);
}

Status read_sizes(const Database& db, LedgerFacts& facts) {
    TRY_ASSIGN(facts.octets, octets_of_pages(db, "PRAGMA page_count"));
    TRY_ASSIGN(facts.free_octets, octets_of_pages(db, "PRAGMA freelist_count"));
    std::error_code error;
    const std::uint64_t log =
        std::filesystem::file_size(sqlite::canonical_path(db.path()) + "-wal", error);
    facts.log_octets = error ? 0 : log;
    return {};
}

// Adds the rows of a day to the totals.
Status read_days(const Database& db, LedgerFacts& facts) {
    constexpr std::int64_t day_ns = Duration::hours(24).ns;
    TRY_ASSIGN(auto find, Statement::prepare(db,
                                             "SELECT booked_at / ?1, count(*), sum(transfers), "
                                             "sum(sampled), sum(cursors), sum(losses) FROM batch "
                                             "GROUP BY 1 ORDER BY 1"));
    find.bind(1, day_ns);
    std::uint64_t batches = 0;
    std::array<std::uint64_t, list_kinds.size()> lists{};
    const auto add = [](std::uint64_t& total, std::uint64_t more) {
        total = checked_add(total, more).value_or(UINT64_MAX);
    };
    while (true) {
        TRY_ASSIGN(const bool row, find.step());
        if (!row) break;
        facts.days.push_back({UtcTime{find.number(0) * day_ns}, find.figure(1), find.figure(2)});
        add(batches, find.figure(1));
        for (std::size_t i = 0; i < lists.size(); ++i)
            add(lists[i], find.figure(static_cast<int>(i) + 2));
    }
    facts.rows.push_back({"batches", batches});
    for (std::size_t i = 0; i < lists.size(); ++i) facts.rows.push_back({list_kinds[i], lists[i]});
    return {};
}

Status read_buckets(const Database& db, LedgerFacts& facts) {
    // An index covers these columns.
    TRY_ASSIGN(auto find,
               Statement::prepare(db, "SELECT min(first_bucket), max(last_bucket) FROM batch"));
    TRY_ASSIGN(const bool row, find.step());
    if (!row || find.is_null(0)) return {};
    facts.first_bucket = sqlite::bucket_time(find.number(0));
    facts.last_bucket = sqlite::bucket_time(find.number(1));
    return {};
}

// The rows of a kind; the kind exists.
std::uint64_t& rows_of(LedgerFacts& facts, std::string_view kind) {
    return std::ranges::find(facts.rows, kind, &LedgerFacts::Rows::kind)->rows;
}

// The lists of batches say how many rows they had; those of compacted batches are gone, except for
// the current cursors.
Status subtract_compacted(const Database& db, std::span<const sqlite::CompactedRun> compacted,
                          LedgerFacts& facts) {
    TRY_ASSIGN(auto find, Statement::prepare(db,
                                             "SELECT sum(transfers), sum(sampled), sum(cursors) - "
                                             "(SELECT count(*) FROM compaction_cursor WHERE "
                                             "compaction = ?3) FROM batch WHERE number BETWEEN "
                                             "?1 AND ?2"));
    for (const sqlite::CompactedRun& run : compacted) {
        find.bind(1, run.first_batch);
        find.bind(2, run.last_batch);
        find.bind(3, run.compaction);
        TRY_ASSIGN([[maybe_unused]] const bool found, find.step());
        for (std::size_t i = 0; i < 3; ++i) {
            std::uint64_t& rows = rows_of(facts, list_kinds[i]);
            rows -= std::min(rows, find.figure(static_cast<int>(i)));
        }
        find.reset();
    }
    facts.transfers = rows_of(facts, "transfers");
    return {};
}

// The rows of old_transfer, without reading them.
Status count_sums(const Database& db, std::span<const sqlite::CompactedRun> compacted,
                  UtcTime hours_before, LedgerFacts& facts) {
    TRY_ASSIGN(auto find, Statement::prepare(db,
                                             "SELECT coalesce(sum(transfers), 0) FROM "
                                             "compaction_meter WHERE compaction = ?1"));
    const auto add = [&](std::uint64_t& rows) {
        rows = checked_add(rows, find.figure(0)).value_or(UINT64_MAX);
    };
    for (const sqlite::CompactedRun& run : compacted) {
        find.bind(1, run.compaction);
        TRY_ASSIGN([[maybe_unused]] const bool found, find.step());
        add(facts.sums);
        if (run.level == CompactionLevel::hour &&
            sqlite::bucket_time(run.traffic.end) <= hours_before)
            add(facts.old_hours);
        find.reset();
    }
    facts.rows.push_back({"sums by hour or day", facts.sums});
    return {};
}

Status read_retention(const Database& db, const Retention& retention, LedgerFacts& facts) {
    TRY_ASSIGN(const auto compacted, sqlite::compacted_runs(db));
    TRY(subtract_compacted(db, compacted, facts));
    TRY(count_sums(db, compacted, retention.hours_before, facts));
    if (retention.fine_before == UtcTime::min()) return {};
    TRY_ASSIGN(const auto batches, sqlite::old_batches(db, compacted, retention.fine_before));
    TRY_ASSIGN(auto find, Statement::prepare(db, "SELECT transfers FROM batch WHERE number = ?1"));
    for (const std::int64_t batch : batches) {
        find.bind(1, batch);
        TRY_ASSIGN([[maybe_unused]] const bool found, find.step());
        facts.old_transfers += find.figure(0);
        find.reset();
    }
    facts.old_batches = batches.size();
    return {};
}

}  // namespace

Result<LedgerFacts> SqliteLedger::facts(const Retention& retention) {
    TRY_ASSIGN(auto transaction, sqlite::Transaction::begin(db_, sqlite::Transaction::Kind::read));
    LedgerFacts facts;
    TRY(read_sizes(db_, facts));
    TRY(read_days(db_, facts));
    TRY(read_buckets(db_, facts));
    TRY(read_retention(db_, retention, facts));
    for (const CountedTable& table : counted_tables) {
        TRY_ASSIGN(const std::int64_t rows, db_.number(table.sql));
        facts.rows.push_back({table.kind, static_cast<std::uint64_t>(rows)});
    }
    TRY_ASSIGN(const std::uint64_t events, newest_identity());  // they are numbered without gaps
    facts.rows.push_back({"identity events", events});
    TRY_ASSIGN(const std::int64_t chains, db_.number("SELECT count(*) FROM writer"));
    facts.chains = static_cast<std::uint64_t>(chains);
    return facts;
}

}  // namespace octroi
