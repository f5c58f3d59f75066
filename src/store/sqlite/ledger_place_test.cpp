// SPDX-License-Identifier: GPL-3.0-or-later
// A ledger that is removed or replaced while a process has it open.
#include <gtest/gtest.h>

#include <filesystem>

#include "host/testing/folder.hpp"
#include "ledger/testing/batches.hpp"
#include "store/sqlite/sqlite_ledger.hpp"

namespace octroi::testing {
namespace {

namespace fs = std::filesystem;

class LedgerPlaceTest : public ::testing::Test {
protected:
    void SetUp() override {
        ledger_ = *SqliteLedger::open(path_, {.mode = OpenMode::create});
        ASSERT_TRUE(ledger_->commit(random_batch(1, 1, 5)));
    }
    void expect_refused(const std::string& named) {
        const auto outcome = ledger_->commit(random_batch(2, 1, 5));
        ASSERT_FALSE(outcome);
        EXPECT_EQ(outcome.error().code, ErrorCode::not_found);
        EXPECT_NE(outcome.error().text.find(named), std::string::npos) << outcome.error().text;
    }

    Folder folder_;
    const std::string path_ = folder_.file("l.db");
    std::unique_ptr<SqliteLedger> ledger_;
};

TEST_F(LedgerPlaceTest, ARemovedDatabaseIsNoticedAtTheNextCommit) {
    fs::remove(path_);
    expect_refused("the database");
}

TEST_F(LedgerPlaceTest, SoIsOneThatWasReplaced) {
    fs::copy_file(path_, folder_.file("copy.db"));
    fs::rename(folder_.file("copy.db"), path_);
    expect_refused("the database");
}

TEST_F(LedgerPlaceTest, SoIsARemovedLog) {
    fs::remove(path_ + "-wal");
    expect_refused("write-ahead log");
}

TEST_F(LedgerPlaceTest, OnesThatArePutBackAreUsedAgain) {
    fs::rename(path_, folder_.file("away.db"));
    expect_refused("the database");
    fs::rename(folder_.file("away.db"), path_);
    EXPECT_TRUE(ledger_->commit(random_batch(2, 1, 5)));
    EXPECT_EQ(*ledger_->last_batch(), 2U);
}

TEST_F(LedgerPlaceTest, ACheckpointByAnotherProcessIsNoReplacement) {
    {
        const auto other = *SqliteLedger::open(path_, {.mode = OpenMode::read_write});
        ASSERT_TRUE(other->commit(random_batch(3, 1, 5)));
    }
    const auto db = *sqlite::Database::open(path_, SQLITE_OPEN_READWRITE);
    ASSERT_TRUE(db.run("PRAGMA wal_checkpoint(TRUNCATE)"));
    EXPECT_TRUE(ledger_->commit(random_batch(2, 1, 5)));
}

}  // namespace
}  // namespace octroi::testing
