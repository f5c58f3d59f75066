// SPDX-License-Identifier: GPL-3.0-or-later
// What the ledger contains. Only batches are read, and the greatest number of other tables:
// count(*) over transfers would read every page.
#include <array>
#include <filesystem>

#include "base/quantity.hpp"
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

// Rows of these tables are numbered without gaps and are never removed, or there are few.
constexpr CountedTable counted_tables[] = {
    {"translations", "SELECT max(translation_id) FROM translation"},
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
    const std::uint64_t log = std::filesystem::file_size(db.path() + "-wal", error);
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

}  // namespace

Result<LedgerFacts> SqliteLedger::facts() {
    TRY_ASSIGN(auto transaction, sqlite::Transaction::begin(db_, sqlite::Transaction::Kind::read));
    LedgerFacts facts;
    TRY(read_sizes(db_, facts));
    TRY(read_days(db_, facts));
    TRY(read_buckets(db_, facts));
    for (const CountedTable& table : counted_tables) {
        TRY_ASSIGN(const std::int64_t rows, db_.number(table.sql));
        facts.rows.push_back({table.kind, static_cast<std::uint64_t>(rows)});
    }
    TRY_ASSIGN(const std::int64_t chains, db_.number("SELECT count(*) FROM writer"));
    facts.chains = static_cast<std::uint64_t>(chains);
    return facts;
}

}  // namespace octroi
