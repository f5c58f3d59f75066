// SPDX-License-Identifier: GPL-3.0-or-later
// Checks of what the walks over batches and directory cannot see.
#include <fmt/format.h>

#include <array>

#include "store/sqlite/class_store.hpp"
#include "store/sqlite/sqlite_ledger.hpp"

namespace octroi {
namespace {

using sqlite::Database;
using sqlite::Statement;

// A statement that counts rows that must not exist.
struct Check {
    const char* sql;
    const char* finding;  // {} is the count
};
constexpr std::array checks{
    // The runs of transfers of the batches follow each other without a gap, from transfer 1 on.
    Check{"SELECT count(*) FROM (SELECT first_transfer, 1 + coalesce(sum(transfers) OVER (ORDER BY "
          "number ROWS BETWEEN UNBOUNDED PRECEDING AND 1 PRECEDING), 0) AS expected FROM batch) "
          "WHERE first_transfer IS NOT expected",
          "{} batches do not begin after the transfers of the previous batch"},
    Check{"SELECT abs((SELECT count(*) FROM transfer) - (SELECT coalesce(sum(transfers), 0) FROM "
          "batch))",
          "{} transfers are missing or in no batch"},
    Check{"SELECT count(*) FROM batch b WHERE (first_bucket, last_bucket) IS NOT (SELECT "
          "min(bucket), max(bucket) FROM transfer t WHERE t.transfer_id >= b.first_transfer AND "
          "t.transfer_id - b.first_transfer < b.transfers)",
          "{} batches have other first and last buckets than their transfers"},
    Check{"SELECT count(*) FROM batch b WHERE transfers > 0 AND EXISTS (SELECT 1 FROM transfer x "
          "JOIN transfer y ON y.transfer_id = x.transfer_id + 1 WHERE x.transfer_id >= "
          "b.first_transfer AND x.transfer_id - b.first_transfer < b.transfers - 1 AND x.bucket > "
          "y.bucket)",
          "{} batches have transfers that are not sorted by bucket"},
    Check{"SELECT count(*) FROM sampled WHERE transfer NOT IN (SELECT transfer_id FROM transfer)",
          "{} sampled counts belong to no transfer"},
    Check{"SELECT count(*) FROM batch WHERE cursors IS NOT (SELECT count(*) FROM batch_cursor c "
          "WHERE c.batch = batch.number) OR losses IS NOT (SELECT count(*) FROM loss l WHERE "
          "l.batch = batch.number)",
          "{} batches have other numbers of cursors or losses than their headers say"},
    Check{"SELECT count(*) FROM writer WHERE length(id) IS NOT 16", "{} writers have no valid id"},
    Check{"SELECT count(*) FROM batch_cursor WHERE batch NOT IN (SELECT number FROM batch)",
          "{} cursors belong to no batch"},
    Check{"SELECT count(*) FROM loss WHERE batch NOT IN (SELECT number FROM batch)",
          "{} losses belong to no batch"},
    Check{"SELECT count(*) FROM translation WHERE opened NOT IN (SELECT number FROM batch) OR "
          "closed NOT IN (SELECT number FROM batch) OR closed < opened",
          "{} translations belong to no batch"},
    Check{"SELECT count(*) FROM translation WHERE (closed IS NULL) IS NOT (end_at = "
          "9223372036854775807) OR protocol NOT BETWEEN 0 AND 255 OR first_port NOT BETWEEN 0 AND "
          "65535 OR last_port NOT BETWEEN 0 AND 65535 OR port_step NOT BETWEEN 1 AND 65535 OR "
          "remote_port NOT BETWEEN 0 AND 65535 OR inside_port NOT BETWEEN 0 AND 65535",
          "{} translations have values out of range"},
    Check{"SELECT abs(coalesce(max(translation_id), 0) - count(*)) FROM translation",
          "{} translations are missing or not numbered in order"},
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
};

Status check_database(const Database& db, std::vector<std::string>& findings) {
    TRY_ASSIGN(auto check, Statement::prepare(db, "PRAGMA integrity_check(20)"));
    while (true) {
        const auto row = check.step();
        // The check itself can fail on a damaged database: that is a finding, not an error.
        if (!row) findings.push_back(row.error().text);
        if (!row || !*row) return {};
        if (check.octets(0) != "ok") findings.push_back("the database: " + check.text(0));
    }
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
                                             "SELECT number, version, at, hash FROM class_use "
                                             "ORDER BY number"));
    std::string previous = zero_hash();
    for (std::int64_t expected = 1;; ++expected) {
        TRY_ASSIGN(const bool row, find.step());
        if (!row) return {};
        if (find.number(0) != expected)
            findings.push_back(fmt::format("change {} of the class table is missing", expected));
        if (class_use_hash(previous, find.octets(1), find.time(2)) != find.octets(3))
            findings.push_back(fmt::format("change {} of the class table: the hash does not match",
                                           find.number(0)));
        if (find.octets(3).size() != hash_octets) return {};
        previous = find.text(3);
        expected = find.number(0);
    }
}

}  // namespace

Result<std::vector<std::string>> SqliteLedger::self_check() {
    TRY_ASSIGN(auto transaction, sqlite::Transaction::begin(db_, sqlite::Transaction::Kind::read));
    std::vector<std::string> findings;
    TRY(check_database(db_, findings));
    // On damaged pages the statements below would fail or give meaningless counts.
    if (!findings.empty()) return findings;
    for (const auto& [sql, finding] : checks) {
        TRY_ASSIGN(const std::int64_t count, db_.number(sql));
        if (count != 0) findings.push_back(fmt::format(fmt::runtime(finding), count));
    }
    TRY(check_class_tables(db_, findings));
    TRY(check_class_uses(db_, findings));
    return findings;
}

}  // namespace octroi
