// SPDX-License-Identifier: GPL-3.0-or-later
// Ledgers of format 4 and 5, and changes of stored events by other programs.
#include <gtest/gtest.h>

#include "host/testing/folder.hpp"
#include "ledger/audit.hpp"
#include "ledger/testing/batches.hpp"
#include "store/sqlite/schema.hpp"
#include "store/sqlite/sqlite_ledger.hpp"

namespace octroi::testing {
namespace {

class SqliteIdentitiesTest : public ::testing::Test {
protected:
    [[nodiscard]] std::string path() const { return folder_.file("ledger.db"); }
    std::unique_ptr<SqliteLedger> open(OpenMode mode = OpenMode::create) {
        auto ledger = SqliteLedger::open(path(), {.mode = mode});
        EXPECT_TRUE(ledger) << ledger.error().text;
        return ledger ? *std::move(ledger) : nullptr;
    }
    void run(const std::string& sql) {
        auto db = sqlite::Database::open(path(), SQLITE_OPEN_READWRITE);
        ASSERT_TRUE(db);
        const Status done = db->run(sql.c_str());
        ASSERT_TRUE(done) << done.error().text;
    }
    std::int64_t number(const char* sql) {
        auto db = sqlite::Database::open(path(), SQLITE_OPEN_READONLY);
        EXPECT_TRUE(db);
        return db->number(sql).value_or(-1);
    }
    std::string findings() {
        const auto ledger = open(OpenMode::read_only);
        const auto report = audit(*ledger);
        EXPECT_TRUE(report) << report.error().text;
        std::string texts;
        for (const AuditFinding& finding : report->findings) texts += finding.text + "\n";
        return texts;
    }
    void commit_some() {
        const auto ledger = open();
        ASSERT_TRUE(ledger->commit(BatchBuilder(1).cursor("x", "1", 1).build()));
        ASSERT_TRUE(ledger->commit(
            BatchBuilder(2)
                .cursor("x", "2", 2)
                .identities({held("10.0.0.1", "user alice"), held("10.0.0.2", "user bob")})
                .build()));
        ASSERT_TRUE(ledger->commit(BatchBuilder(3).identities({}, 2).build()));
    }

private:
    Folder folder_;
};

// As an earlier Octroi made it.
TEST_F(SqliteIdentitiesTest, ALedgerOfFormatFourIsReadAndGetsTheTables) {
    {
        auto db = sqlite::Database::open(path(), SQLITE_OPEN_READWRITE | SQLITE_OPEN_CREATE);
        ASSERT_TRUE(db);
        ASSERT_TRUE(sqlite::make_tables(*db, sqlite::first_ledger_format));
    }
    EXPECT_EQ(findings(), "");
    {
        const auto ledger = open(OpenMode::read_only);
        EXPECT_EQ(*ledger->newest_identity(), 0U);
        EXPECT_EQ(*ledger->identity_progress(), IdentityProgress{});
        EXPECT_FALSE(*ledger->has_traffic_without(1, {}, 9));
        SumQuestion question;
        question.by_versions = question.observed_only = true;
        EXPECT_EQ(ledger->sums(question)->size(), 0U);
        EXPECT_TRUE(ledger->facts({}));
    }
    EXPECT_EQ(number("PRAGMA user_version"), 4);
    ::testing::internal::CaptureStderr();
    const auto ledger = open(OpenMode::read_write);
    EXPECT_NE(::testing::internal::GetCapturedStderr().find("its format is now 5, it was 4"),
              std::string::npos);
    EXPECT_EQ(number("PRAGMA user_version"), 5);
    ::testing::internal::CaptureStderr();
    EXPECT_TRUE(open(OpenMode::read_write));
    EXPECT_EQ(::testing::internal::GetCapturedStderr(), "") << "once";
    EXPECT_TRUE(
        ledger->commit(BatchBuilder(2).identities({held("10.0.0.1", "user alice")}).build()));
    EXPECT_EQ(findings(), "");
}

TEST_F(SqliteIdentitiesTest, TheAuditFindsWhatAnotherProgramChanged) {
    commit_some();
    ASSERT_EQ(findings(), "");
    run("CREATE TABLE kept_events AS SELECT * FROM identity_event; CREATE TABLE kept_batches AS "
        "SELECT * FROM batch_identities;");
    for (const char* change :
         {"UPDATE identity_event SET at = at + 1 WHERE number = 1",
          "UPDATE identity_event SET holder = 'mallory' WHERE number = 1",
          "UPDATE identity_event SET held = '10.0.0.9/32' WHERE number = 2",
          "UPDATE identity_event SET until_at = 0 WHERE number = 2",
          "UPDATE identity_event SET batch = 3 WHERE number = 2",
          "DELETE FROM identity_event WHERE number = 2",
          "UPDATE batch_identities SET known = 1 WHERE batch = 3",
          "UPDATE batch_identities SET events_digest = x'00' WHERE batch = 2",
          "DELETE FROM batch_identities WHERE batch = 3", "DELETE FROM batch_identities"}) {
        run(change);
        EXPECT_NE(findings(), "") << change;
        run("DELETE FROM identity_event; INSERT INTO identity_event SELECT * FROM kept_events; "
            "DELETE FROM batch_identities; INSERT INTO batch_identities SELECT * FROM "
            "kept_batches;");
    }
    EXPECT_EQ(findings(), "");
}

TEST_F(SqliteIdentitiesTest, TheAuditFindsEventsOfTwoBatchesThatChangedTheirNumbers) {
    commit_some();
    ASSERT_TRUE(
        open()->commit(BatchBuilder(4).identities({held("10.0.0.2", "user carol")}, 2).build()));
    ASSERT_EQ(findings(), "");
    run("UPDATE identity_event SET number = 9 WHERE number = 2; UPDATE identity_event SET number = "
        "2 WHERE number = 3; UPDATE identity_event SET number = 3 WHERE number = 9;");
    EXPECT_NE(findings().find("1 events of identities are not in the order of their batches"),
              std::string::npos)
        << findings();
}

}  // namespace
}  // namespace octroi::testing
