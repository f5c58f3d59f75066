// SPDX-License-Identifier: GPL-3.0-or-later
// The audit finds every value that another program changed in a ledger. The columns are read from
// the schema, so that a new column is tested without a change here.
#include <fmt/format.h>
#include <gtest/gtest.h>

#include <filesystem>
#include <fstream>
#include <random>
#include <set>

#include "host/testing/folder.hpp"
#include "ledger/audit.hpp"
#include "ledger/testing/batches.hpp"
#include "store/sqlite/sqlite_ledger.hpp"

namespace octroi::testing {
namespace {

void fill(const std::string& path) {
    auto ledger = *SqliteLedger::open(path, {.mode = OpenMode::create});
    DirectoryStore::Change change;
    change.put_accounts = {{"user0", "", "One"}, {"user1", "user0", "Two"}, {"gone", "", ""}};
    change.add_bindings = {{0, {IdentityKind::prefix, "10.0.0.0/8"}, "user0", {}, true},
                           {0, {IdentityKind::vlan, "7"}, "user1", {}, false}};
    change.put_networks = {{"10.0.0.0/8", false}, {"192.168.0.0/16", true}};
    ASSERT_TRUE(*ledger->apply(change, some_day));
    ASSERT_TRUE(*ledger->apply({.put_accounts = {{"user1", "", "Renamed"}},
                                .remove_accounts = {"gone"},
                                .end_bindings = {{1, bucket_at(3)}, {2, UtcTime::min()}},
                                .put_networks = {{"10.0.0.0/8", true}},
                                .remove_networks = {"192.168.0.0/16"}},
                               bucket_at(1)));
    for (const char* version : {"v1", "v2"}) {
        ClassTable table{version, "world", {"free", "domestic"}, {}};
        table.routes = {{*parse_prefix("10.0.0.0/8"), 0}, {*parse_prefix("10.1.0.0/16"), 1}};
        table.ases = {{7575, 7580, 0}, {64512, 65534, 1}};
        table.next_hops = {{*parse_address("192.0.2.8"), 0}, {*parse_address("192.0.2.9"), 1}};
        ASSERT_TRUE(ledger->load_class_table(table, version, some_day));
    }
    for (std::uint64_t number = 1; number <= 4; ++number) {
        Batch batch = random_batch(number, 1, 30);
        batch.meter.name = "eth0";
        batch.directory_version = 2;
        batch.cursors = {{"file:1", fmt::format("at {}", number), number, "note"}};
        batch.losses = {{"eth0", LossReason::truncated, {bucket_at(0), bucket_at(1)}, number, 9}};
        const auto port = static_cast<std::uint16_t>(40000 + number);
        batch.translations = {translation(1, port, {some_day, UtcTime::max()})};
        if (number > 1)
            batch.translations.push_back(
                translation(1, static_cast<std::uint16_t>(port - 1), {some_day, bucket_at(1)}));
        ASSERT_TRUE(ledger->commit(batch));
        if (number == 1) {
            ASSERT_TRUE(ledger->commit(correction_of(batch, 100)));
        }
    }
}

std::size_t findings(const std::string& path) {
    auto ledger = SqliteLedger::open(path, {.mode = OpenMode::read_only});
    // A ledger that cannot be opened counts as found.
    if (!ledger) return 1;
    const auto report = audit(**ledger);
    return report ? report->findings.size() : 1;
}

std::vector<std::string> texts(const sqlite::Database& db, const std::string& sql) {
    auto statement = *sqlite::Statement::prepare(db, sql);
    std::vector<std::string> found;
    while (*statement.step()) found.push_back(statement.text(0));
    return found;
}

class Tamper : public ::testing::Test {
protected:
    void SetUp() override {
        fill(original_);
        ASSERT_EQ(findings(original_), 0U);
    }
    // Runs the statement on a copy. False: it changed nothing. Otherwise the findings are those of
    // the copy.
    bool change(const std::string& sql) {
        std::filesystem::copy_file(original_, copy_,
                                   std::filesystem::copy_options::overwrite_existing);
        auto db = *sqlite::Database::open(copy_, SQLITE_OPEN_READWRITE);
        EXPECT_TRUE(db.run("PRAGMA foreign_keys = OFF"));
        const Status status = db.run(sql.c_str());
        return status.has_value() && sqlite3_changes(db.handle()) > 0;
    }

    Folder folder_;
    std::string original_ = folder_.file("original.db");
    std::string copy_ = folder_.file("copy.db");
};

TEST_F(Tamper, OfAnyColumnIsFound) {
    auto db = *sqlite::Database::open(original_, SQLITE_OPEN_READONLY);
    const auto tables = texts(db, "SELECT name FROM sqlite_schema WHERE type = 'table'");
    ASSERT_GE(tables.size(), 17U);
    std::set<std::string> tried;
    for (const std::string& table : tables) {
        for (const std::string& column :
             texts(db, fmt::format("SELECT name FROM pragma_table_info('{}')", table))) {
            for (const char* order : {"ASC", "DESC"}) {
                // A number changes; a text or blob gets one more octet.
                const std::string value = fmt::format(
                    "CASE typeof({0}) WHEN 'integer' THEN {0} + iif({0} > (1 << 62), -1000, 1000) "
                    "WHEN 'text' THEN {0} || 'x' "
                    "WHEN 'blob' THEN CAST({0} || x'00' AS BLOB) ELSE 1 END",
                    column);
                const std::string key =
                    texts(db, fmt::format("SELECT group_concat(name) FROM "
                                          "pragma_table_info('{}') WHERE pk > 0",
                                          table))
                        .front();
                const std::string ordered = texts(db, fmt::format("SELECT group_concat(name || ' "
                                                                  "{}') FROM pragma_table_info"
                                                                  "('{}') WHERE pk > 0",
                                                                  order, table))
                                                .front();
                const std::string where = fmt::format(
                    "({0}) = (SELECT {0} FROM {1} ORDER BY {2} LIMIT 1)", key, table, ordered);
                const std::string sql =
                    fmt::format("UPDATE {} SET {} = {} WHERE {}", table, column, value, where);
                if (!change(sql)) continue;
                tried.insert(fmt::format("{}.{}", table, column));
                EXPECT_GT(findings(copy_), 0U) << sql;
            }
        }
    }
    for (const std::string& table : tables)
        for (const std::string& column :
             texts(db, fmt::format("SELECT name FROM pragma_table_info('{}')", table)))
            EXPECT_TRUE(tried.contains(fmt::format("{}.{}", table, column)))
                << table << "." << column << " could not be changed, so nothing was tried";
}

TEST_F(Tamper, ByRemovingARowIsFound) {
    auto db = *sqlite::Database::open(original_, SQLITE_OPEN_READONLY);
    for (const std::string& table :
         texts(db, "SELECT name FROM sqlite_schema WHERE type = 'table'")) {
        const std::string key =
            texts(db, fmt::format("SELECT group_concat(name) FROM pragma_table_info('{}') WHERE "
                                  "pk > 0",
                                  table))
                .front();
        const std::string sql =
            fmt::format("DELETE FROM {0} WHERE ({1}) = (SELECT {1} FROM {0} LIMIT 1)", table, key);
        ASSERT_TRUE(change(sql)) << sql;
        EXPECT_GT(findings(copy_), 0U) << sql;
    }
}

TEST_F(Tamper, OfSeveralValuesIsFound) {
    for (const char* sql : {
             // Both sides of conservation.
             "UPDATE transfer SET bytes = bytes + 1 WHERE transfer_id = 1; "
             "UPDATE batch SET observed_bytes = observed_bytes + 1 WHERE number = 1",
             // Traffic moves from one customer to another; all sums stay.
             "UPDATE transfer SET from_party = to_party, to_party = from_party "
             "WHERE transfer_id = 2",
             "UPDATE party SET holder = (SELECT holder FROM party p WHERE p.holder <> "
             "party.holder AND NOT EXISTS (SELECT 1 FROM party q WHERE q.holder = p.holder AND "
             "q.identity = party.identity) LIMIT 1) WHERE party_id = 1",
             // A byte moves from one transfer to another.
             "UPDATE transfer SET bytes = bytes + 1 WHERE transfer_id = 1; "
             "UPDATE transfer SET bytes = bytes - 1 WHERE transfer_id = (SELECT transfer_id FROM "
             "transfer WHERE bytes > 0 AND transfer_id > 1 LIMIT 1)",
             // The last batch with all its rows; only its cursor remains.
             "DELETE FROM transfer WHERE transfer_id >= (SELECT first_transfer FROM batch WHERE "
             "number = 5); DELETE FROM batch_cursor WHERE batch = 5; DELETE FROM loss WHERE "
             "batch = 5; DELETE FROM batch WHERE number = 5",
             "UPDATE cursor SET version = version + 1",
             "INSERT INTO cursor VALUES ('eth9', 'file:2', x'', 1, '')",
             "INSERT INTO transfer VALUES (100000, 1, 1, 1, 1, 1, 1, 1)",
             "UPDATE class_routes SET octets = zeroblob(3)",
             "INSERT INTO account VALUES ('intruder', '', '', 2, NULL)",
             "UPDATE binding SET account = 'user1' WHERE removed IS NULL",
             // A change that affects later batches.
             "UPDATE account SET title = title; CREATE TRIGGER t AFTER INSERT ON batch BEGIN "
             "UPDATE transfer SET bytes = 0; END",
             // The last version of the directory with all its rows.
             "DELETE FROM account WHERE added = 2; DELETE FROM binding WHERE added = 2; "
             "DELETE FROM network WHERE added = 2; UPDATE account SET removed = NULL; "
             "UPDATE binding SET removed = NULL; UPDATE network SET removed = NULL; "
             "DELETE FROM directory_change WHERE version = 2",
         }) {
        ASSERT_TRUE(change(sql)) << sql;
        EXPECT_GT(findings(copy_), 0U) << sql;
    }
}

TEST_F(Tamper, OfTheFileIsFoundOrHarmless) {
    // 64 octets at random offsets: the audit finds the change, or the octets are unused. Nothing
    // crashes.
    const auto size = std::filesystem::file_size(original_);
    const std::size_t reference = findings(original_);
    ASSERT_EQ(reference, 0U);
    std::mt19937_64 random(1);
    std::size_t found = 0;
    for (int i = 0; i < 60; ++i) {
        std::filesystem::copy_file(original_, copy_,
                                   std::filesystem::copy_options::overwrite_existing);
        std::fstream file(copy_, std::ios::binary | std::ios::in | std::ios::out);
        file.seekp(static_cast<std::streamoff>(random() % (size - 64)));
        for (int octet = 0; octet < 64; ++octet) file.put(static_cast<char>(random()));
        file.close();
        ASSERT_TRUE(file);
        if (findings(copy_) > 0) ++found;
    }
    EXPECT_GT(found, 5U);
}

}  // namespace
}  // namespace octroi::testing
