// SPDX-License-Identifier: GPL-3.0-or-later
// Checks of what the walks over batches and directory cannot see.
#include <fmt/format.h>

#include <array>

#include "store/sqlite/class_store.hpp"
#include "store/sqlite/identities.hpp"
#include "store/sqlite/schema.hpp"
#include "store/sqlite/sqlite_ledger.hpp"

namespace octroi {
namespace {

using sqlite::Database;
using sqlite::Statement;

// A statement that counts rows that must not exist. Each takes time linear in its table, and none
// reads all transfers: the walk over the batches does that.
struct Check {
    const char* sql;      // ?1, where it is there: only batches after this number
    const char* finding;  // {} is the count
};
constexpr std::array checks{
    Check{"SELECT count(*) FROM batch WHERE number < 1", "{} batches have no valid number"},
    // Each batch reads its own rows and compares them with its digests, so other rows are before
    // the first batch or behind the last one.
    Check{"SELECT (SELECT count(*) FROM transfer WHERE transfer_id < 1) + (SELECT count(*) FROM "
          "transfer WHERE transfer_id >= coalesce((SELECT first_transfer + transfers FROM batch "
          "ORDER BY number DESC LIMIT 1), 1))",
          "{} transfers are in no batch"},
    Check{"SELECT (SELECT count(*) FROM sampled WHERE transfer < 1) + (SELECT count(*) FROM "
          "sampled WHERE transfer >= coalesce((SELECT first_transfer + transfers FROM batch ORDER "
          "BY number DESC LIMIT 1), 1))",
          "{} sampled counts belong to no transfer"},
    Check{"SELECT count(*) FROM batch_cursor WHERE batch < 1 OR batch > (SELECT "
          "coalesce(max(number), 0) FROM batch)",
          "{} cursors belong to no batch"},
    Check{"SELECT count(*) FROM loss WHERE batch < 1 OR batch > (SELECT coalesce(max(number), 0) "
          "FROM batch)",
          "{} losses belong to no batch"},
    Check{"SELECT count(*) FROM compaction_meter WHERE compaction NOT IN (SELECT number FROM "
          "compaction)",
          "{} sums belong to no compaction"},
    Check{"SELECT count(*) FROM (SELECT begin, end, lead(begin) OVER (ORDER BY begin) AS next FROM "
          "day) WHERE end <= begin OR next < end",
          "{} days overlap"},
    Check{"SELECT count(*) FROM day_state WHERE id <> 1 OR batches NOT BETWEEN 0 AND (SELECT "
          "coalesce(max(number), 0) FROM batch)",
          "the state of the sums by day is damaged"},
    Check{"SELECT count(*) FROM anchor_head WHERE anchor NOT IN (SELECT anchor_id FROM anchor)",
          "{} heads belong to no anchor"},
    Check{"SELECT count(*) FROM writer WHERE length(id) IS NOT 16", "{} writers have no valid id"},
    Check{
        "SELECT count(*) FROM translation WHERE (opened NOT IN (SELECT number FROM batch) OR "
        "closed NOT IN (SELECT number FROM batch) OR closed < opened) AND (?1 = 0 OR opened > ?1)",
        "{} translations belong to no batch"},
    Check{"SELECT count(*) FROM translation WHERE ((closed IS NULL) IS NOT (end_at = "
          "9223372036854775807) OR end_at < begin_at OR protocol NOT BETWEEN 0 AND 255 OR "
          "first_port NOT BETWEEN 0 AND "
          "65535 OR last_port NOT BETWEEN 0 AND 65535 OR port_step NOT BETWEEN 1 AND 65535 OR "
          "remote_port NOT BETWEEN 0 AND 65535 OR inside_port NOT BETWEEN 0 AND 65535) AND (?1 = 0 "
          "OR opened > ?1)",
          "{} translations have values out of range"},
    Check{"SELECT count(*) FROM party WHERE holder NOT IN (SELECT holder_id FROM holder)",
          "{} parties have no name"},
    Check{"SELECT sum(c) FROM (SELECT count(*) AS c FROM account WHERE added NOT IN (SELECT "
          "version FROM directory_change) OR removed NOT IN (SELECT version FROM "
          "directory_change) OR removed <= added UNION ALL SELECT count(*) FROM binding WHERE "
          "added NOT IN (SELECT version FROM directory_change) OR removed NOT IN (SELECT version "
          "FROM directory_change) OR removed <= added UNION ALL SELECT count(*) FROM network "
          "WHERE added NOT IN (SELECT version FROM directory_change) OR removed NOT IN (SELECT "
          "version FROM directory_change) OR removed <= added)",
          "{} rows of the directory belong to no version"},
    Check{
        "SELECT (SELECT count(*) FROM binding WHERE per_address NOT IN (0, 1)) + (SELECT count(*) "
        "FROM network WHERE per_address NOT IN (0, 1))",
        "{} rows of the directory have a per_address that is neither 0 nor 1"},
    Check{"SELECT count(*) FROM class_name WHERE class_table NOT IN (SELECT class_table_id FROM "
          "class_table)",
          "{} classes belong to no class table"},
    Check{"SELECT count(*) FROM class_routes WHERE class_table NOT IN (SELECT class_table_id FROM "
          "class_table)",
          "{} lists of prefixes belong to no class table"},
    Check{"SELECT (SELECT count(*) FROM class_as WHERE class_table NOT IN (SELECT class_table_id "
          "FROM class_table)) + (SELECT count(*) FROM class_next_hop WHERE class_table NOT IN "
          "(SELECT class_table_id FROM class_table))",
          "{} AS numbers or next hops belong to no class table"},
    Check{"SELECT count(*) FROM sqlite_schema WHERE type = 'trigger'",
          "{} triggers exist; Octroi creates none, and triggers change stored rows"},
    Check{"SELECT count(*) FROM class_use WHERE version NOT IN (SELECT version FROM class_table)",
          "{} uses of class tables refer to a table that does not exist"},
    // A change that was cut off from the end leaves no gap in the numbers.
    Check{"SELECT count(*) FROM class_table WHERE version NOT IN (SELECT version FROM class_use)",
          "{} class tables were never in use: the last changes of the class table are missing"},
    Check{"SELECT (SELECT count(*) FROM identity) IS NOT 1 OR (SELECT length(id) FROM identity) IS "
          "NOT 16",
          "the ledger does not have one id"},
};

// Where the tables exist.
constexpr std::array identity_checks{
    Check{
        "SELECT count(*) FROM (SELECT number, number - lag(number, 1, 0) OVER (ORDER BY number) AS "
        "step, batch FROM identity_event) WHERE step <> 1 OR batch NOT IN (SELECT batch FROM "
        "batch_identities)",
        "{} events of identities are out of order or belong to no batch"},
    // The number is in no hash, and decides between events with the same time.
    Check{"SELECT count(*) FROM (SELECT batch, lag(batch, 1, 0) OVER (ORDER BY number) AS before "
          "FROM identity_event) WHERE batch < before",
          "{} events of identities are not in the order of their batches"},
    Check{"SELECT count(*) FROM batch_identities WHERE batch NOT IN (SELECT number FROM batch) OR "
          "known < 0 OR known > (SELECT coalesce(max(number), 0) FROM identity_event)",
          "{} batches know events of identities that do not exist"},
};

Result<std::vector<std::string>> table_names(const Database& db) {
    TRY_ASSIGN(auto find, Statement::prepare(db,
                                             "SELECT name FROM sqlite_schema WHERE type = 'table' "
                                             "AND name NOT IN ('transfer', 'day_sum', "
                                             "'day_end')"));
    std::vector<std::string> names;
    while (true) {
        TRY_ASSIGN(const bool row, find.step());
        if (!row) return names;
        names.push_back(find.text(0));
    }
}

// Pages, rows and indices, table by table, each in a transaction of its own. Not of `transfer`,
// `day_sum` and `day_end`, which are nearly the whole database: the walk over the batches and the
// comparison of the sums read each of their rows.
Status check_database(const Database& db, std::vector<std::string>& findings) {
    TRY_ASSIGN(const auto tables, table_names(db));
    for (const std::string& table : tables) {
        TRY_ASSIGN(auto check,
                   Statement::prepare(db, fmt::format("PRAGMA integrity_check(\"{}\")", table)));
        while (true) {
            const auto row = check.step();
            // The check itself can fail on a damaged database: that is a finding, not an error.
            if (!row) findings.push_back(row.error().text);
            if (!row || !*row) break;
            if (check.octets(0) != "ok") findings.push_back("the database: " + check.text(0));
        }
    }
    return {};
}

// Tables, views and indices are those of a new ledger: a changed view gives wrong figures to those
// who read with SQL, and a missing index makes questions slow.
Status check_schema(const Database& db, std::vector<std::string>& findings) {
    TRY_ASSIGN(const Database fresh, Database::open(":memory:", SQLITE_OPEN_READWRITE));
    TRY_ASSIGN(const std::int64_t format, db.number("PRAGMA user_version"));
    TRY(sqlite::make_tables(fresh, format));
    TRY_ASSIGN(auto expected, Statement::prepare(fresh,
                                                 "SELECT type, name, sql FROM sqlite_schema ORDER "
                                                 "BY name"));
    TRY_ASSIGN(auto find, Statement::prepare(db,
                                             "SELECT sql FROM sqlite_schema WHERE type = ?1 AND "
                                             "name = ?2"));
    while (true) {
        TRY_ASSIGN(const bool row, expected.step());
        if (!row) return {};
        find.bind_text(1, expected.octets(0));
        find.bind_text(2, expected.octets(1));
        TRY_ASSIGN(const bool found, find.step());
        if (!found || find.octets(0) != expected.octets(2))
            findings.push_back(fmt::format("the {} {} {}", expected.octets(0), expected.octets(1),
                                           found ? "was changed" : "is missing"));
        find.reset();
    }
}

Result<std::int64_t> count_of(const Database& db, const char* sql, std::uint64_t after_batch) {
    TRY_ASSIGN(auto count, Statement::prepare(db, sql));
    count.bind(1, after_batch);
    TRY_ASSIGN(const bool row, count.step());
    return row ? count.number(0) : 0;
}

Status check_class_tables(const Database& db, std::vector<std::string>& findings) {
    TRY_ASSIGN(auto find, Statement::prepare(db, "SELECT version FROM class_table"));
    while (true) {
        TRY_ASSIGN(const bool row, find.step());
        if (!row) return {};
        if (const auto table = sqlite::read_class_table(db, find.octets(0)); !table)
            findings.push_back(table.error().text);
    }
}

Status check_class_uses(const Database& db, std::vector<std::string>& findings) {
    TRY_ASSIGN(auto find, Statement::prepare(db,
                                             "SELECT u.number, u.version, u.at, u.hash, t.checksum "
                                             "FROM class_use u LEFT JOIN class_table t ON "
                                             "t.version = u.version ORDER BY u.number"));
    std::string previous = zero_hash();
    for (std::int64_t expected = 1;; ++expected) {
        TRY_ASSIGN(const bool row, find.step());
        if (!row) return {};
        if (find.number(0) != expected)
            findings.push_back(fmt::format("change {} of the class table is missing", expected));
        if (class_use_hash(previous, find.octets(1), find.octets(4), find.time(2)) !=
            find.octets(3))
            findings.push_back(fmt::format("change {} of the class table: the hash does not match",
                                           find.number(0)));
        if (find.octets(3).size() != hash_octets) return {};
        previous = find.text(3);
        expected = find.number(0);
    }
}

}  // namespace

// Without one transaction around all: each check sees one state, and a long transaction would keep
// SQLite from starting its WAL again.
Result<std::vector<std::string>> SqliteLedger::self_check(std::uint64_t after_batch) {
    std::vector<std::string> findings;
    TRY(check_schema(db_, findings));
    if (after_batch == 0) TRY(check_database(db_, findings));
    // On damaged pages the statements below would fail or give meaningless counts.
    if (!findings.empty()) return findings;
    for (const auto& [sql, finding] : checks) {
        TRY_ASSIGN(const std::int64_t count, count_of(db_, sql, after_batch));
        if (count != 0) findings.push_back(fmt::format(fmt::runtime(finding), count));
    }
    TRY_ASSIGN(const bool has_identities, sqlite::has_identity_tables(db_));
    for (const auto& [sql, finding] : identity_checks) {
        if (!has_identities) break;
        TRY_ASSIGN(const std::int64_t count, count_of(db_, sql, after_batch));
        if (count != 0) findings.push_back(fmt::format(fmt::runtime(finding), count));
    }
    TRY(check_class_tables(db_, findings));
    TRY(check_class_uses(db_, findings));
    if (after_batch != 0 || !findings.empty()) return findings;
    TRY_ASSIGN(const bool same, days_.check());
    if (!same)
        findings.push_back(
            "the sums by day are not those of the transfers; next: `octroi ledger rebuild` makes "
            "them again");
    return findings;
}

}  // namespace octroi
