// SPDX-License-Identifier: GPL-3.0-or-later
#include <gtest/gtest.h>
#include <sys/stat.h>

#include "host/testing/folder.hpp"
#include "ledger/audit.hpp"
#include "ledger/testing/batches.hpp"
#include "store/sqlite/sqlite_ledger.hpp"
#include "store/sqlite/testing/fault_vfs.hpp"

namespace octroi {
namespace {

std::unique_ptr<SqliteLedger> open_or_abort(const std::string& path, OpenMode mode) {
    auto opened = SqliteLedger::open(path, {.mode = mode});
    if (!opened) ADD_FAILURE() << opened.error().text;
    return opened ? std::move(*opened) : nullptr;
}

// More than one slice of a backup.
Batch large_batch() {
    testing::BatchBuilder builder(1000);
    Batch batch = builder.build();
    batch.parties = {testing::account("alice", "10.0.0.1"), testing::outside("world")};
    batch.services = {"web"};
    for (int i = 0; i < 300'000; ++i) {
        const Volume volume{Bytes{1'000'000'000'000}, Packets{1'000'000'000}, Flows{1'000'000}};
        batch.transfers.push_back({testing::bucket_at(i), 0, 1, 0, volume});
        batch.observed += volume;
    }
    return batch;
}

Status go_on(const Query::BackupProgress& /*progress*/) { return {}; }

class BackupTest : public ::testing::Test {
protected:
    void SetUp() override {
        ledger_ = open_or_abort(path_, OpenMode::create);
        for (std::uint64_t i = 1; i <= 10; ++i) commit(testing::random_batch(i, 1, 50));
    }
    void commit(const Batch& batch) {
        const auto outcome = ledger_->commit(batch);
        EXPECT_TRUE(outcome) << outcome.error().text;
    }
    [[nodiscard]] Status back_up(const Query::BackupObserver& observe) const {
        return open_or_abort(path_, OpenMode::read_only)->backup(backup_, observe);
    }
    // Neither the backup nor its partial file.
    void expect_nothing() const {
        EXPECT_FALSE(std::filesystem::exists(backup_));
        EXPECT_FALSE(std::filesystem::exists(backup_ + ".partial"));
    }
    void expect_sound(const AuditReport& expected) const {
        const auto copy = open_or_abort(backup_, OpenMode::read_only);
        ASSERT_NE(copy, nullptr);
        const auto report = audit(*copy);
        ASSERT_TRUE(report) << report.error().text;
        for (const AuditFinding& finding : report->findings) ADD_FAILURE() << finding.text;
        EXPECT_EQ(report->batches, expected.batches);
        EXPECT_EQ(report->heads, expected.heads);
    }

    testing::FaultDisk disk_;
    testing::Folder folder_;
    const std::string path_ = folder_.file("ledger.db");
    const std::string backup_ = folder_.file("backup.db");
    std::unique_ptr<SqliteLedger> ledger_;
};

TEST_F(BackupTest, IsALedgerOfTheSameContent) {
    const AuditReport before = audit(*ledger_).value();
    ASSERT_TRUE(back_up(go_on));
    expect_sound(before);
    struct stat status{};
    ASSERT_EQ(::stat(backup_.c_str(), &status), 0);
    EXPECT_EQ(status.st_mode & 0777U, 0640U);
    const auto writable = open_or_abort(backup_, OpenMode::read_write);
    EXPECT_TRUE(writable->commit(testing::random_batch(50, 1, 50)));
}

// A commit before every slice: the backup does not begin again, and is the state of its beginning.
TEST_F(BackupTest, EndsWhileAnotherConnectionCommits) {
    commit(large_batch());
    const AuditReport before = audit(*ledger_).value();
    std::uint64_t commits = 0;
    std::uint64_t copied = 0;
    const Status done = back_up([&](const Query::BackupProgress& progress) -> Status {
        EXPECT_GT(progress.octets, copied);
        EXPECT_LE(progress.octets, progress.total);
        copied = progress.octets;
        commit(testing::random_batch(100 + commits++, 1, 50));
        return {};
    });
    ASSERT_TRUE(done) << done.error().text;
    EXPECT_GE(commits, 3U);
    expect_sound(before);
    EXPECT_EQ(audit(*ledger_).value().batches, before.batches + commits);
}

TEST_F(BackupTest, LeavesNothingWhenItIsStopped) {
    const Status stopped = back_up([](const Query::BackupProgress& /*progress*/) -> Status {
        return fail(ErrorCode::interrupted, "enough");
    });
    ASSERT_FALSE(stopped);
    EXPECT_EQ(stopped.error().code, ErrorCode::interrupted);
    expect_nothing();
}

TEST_F(BackupTest, LeavesNothingWhenTheDiskIsFull) {
    commit(large_batch());
    disk_.set_fault(testing::Fault::disk_full, 100);
    const Status full = back_up(go_on);
    disk_.set_fault(testing::Fault::none, 0);
    ASSERT_FALSE(full);
    EXPECT_EQ(full.error().code, ErrorCode::no_space) << full.error().text;
    expect_nothing();
    ASSERT_TRUE(back_up(go_on));
}

TEST_F(BackupTest, OverwritesNothing) {
    ASSERT_TRUE(back_up(go_on));
    const AuditReport first = audit(*ledger_).value();
    commit(testing::random_batch(60, 1, 50));
    const Status again = back_up(go_on);
    ASSERT_FALSE(again);
    EXPECT_EQ(again.error().code, ErrorCode::exists);
    expect_sound(first);
}

}  // namespace
}  // namespace octroi
