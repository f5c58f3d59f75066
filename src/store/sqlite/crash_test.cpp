// SPDX-License-Identifier: GPL-3.0-or-later
// The evidence for "exactly once". A commit is cut at every write and sync of SQLite; the ledger is
// opened again and the batch is committed again. The ledger must then equal one without the cut.
#include <gtest/gtest.h>
#include <poll.h>
#include <signal.h>
#include <sys/wait.h>
#include <unistd.h>

#include <filesystem>
#include <random>

#include "host/testing/folder.hpp"
#include "ledger/audit.hpp"
#include "ledger/testing/batches.hpp"
#include "ledger/testing/content_hash.hpp"
#include "store/sqlite/sqlite_ledger.hpp"
#include "store/sqlite/testing/fault_vfs.hpp"

namespace octroi::testing {
namespace {

Result<std::unique_ptr<SqliteLedger>> open_ledger(const std::string& path) {
    return SqliteLedger::open(path, {.mode = OpenMode::create});
}

// Batch `number` of one meter: each batch moves the same cursor.
Batch step_of(std::uint64_t number, std::size_t rows = 400) {
    Batch batch = random_batch(number, 1, rows);
    batch.meter = {"eth0", "capture", MeterRole::bill};
    batch.cursors = {{"file:1", "position " + std::to_string(number), number, ""}};
    return batch;
}

// The cursor that step_of() moves; 0: none.
std::uint64_t version_of_cursor(SqliteLedger& ledger) {
    const auto cursors = ledger.cursors("file:1");
    EXPECT_TRUE(cursors) << cursors.error().text;
    return cursors && !cursors->empty() ? cursors->front().cursor.version : 0;
}

// Equal hashes are equal ledgers. Each finding of the audit fails the test.
std::string head_of(SqliteLedger& ledger) {
    const auto report = audit(ledger);
    if (!report) {
        ADD_FAILURE() << report.error().text;
        return {};
    }
    for (const AuditFinding& finding : report->findings) ADD_FAILURE() << finding.text;
    const auto hash = content_hash(ledger);
    if (!hash) ADD_FAILURE() << hash.error().text;
    return hash.value_or("");
}

std::string undisturbed_head(std::uint64_t batches) {
    const Folder folder;
    auto ledger = *open_ledger(folder.file("l.db"));
    for (std::uint64_t number = 1; number <= batches; ++number)
        EXPECT_TRUE(ledger->commit(step_of(number)));
    return head_of(*ledger);
}

class CrashMatrix : public ::testing::TestWithParam<Unsynced> {
protected:
    static constexpr std::uint64_t batches_before = 2;

    void SetUp() override {
        auto ledger = *open_ledger(template_.file("l.db"));
        for (std::uint64_t number = 1; number <= batches_before; ++number)
            ASSERT_TRUE(ledger->commit(step_of(number)));
    }

    // Cuts the power after `step` writes and syncs of opening and committing batch 3. False: the
    // commit ended before the cut.
    bool cut_at(std::uint64_t step) {
        const Folder folder;
        const std::string path = folder.file("l.db");
        std::filesystem::copy_file(template_.file("l.db"), path);
        bool said_committed = false;
        bool struck = false;
        {
            FaultDisk disk;
            disk.set_fault(Fault::power_cut, step);
            if (auto ledger = open_ledger(path); ledger) {
                const auto outcome = (*ledger)->commit(step_of(batches_before + 1));
                said_committed = outcome.has_value();
                EXPECT_TRUE(said_committed || disk.struck()) << outcome.error().text;
            }
            struck = disk.struck();
            disk.power_cut(GetParam(), step);
        }
        auto again = open_ledger(path);
        if (!again) {
            ADD_FAILURE() << "step " << step << ": " << again.error().text;
            return false;
        }
        const auto outcome = (*again)->commit(step_of(batches_before + 1));
        EXPECT_TRUE(outcome) << "step " << step << ": " << outcome.error().text;
        // A batch that was reported as committed must be durable.
        EXPECT_TRUE(!said_committed ||
                    outcome.value_or(CommitOutcome::committed) == CommitOutcome::already_committed)
            << "step " << step;
        EXPECT_EQ(head_of(**again), expected_) << "step " << step;
        return struck;
    }

    Folder template_;
    std::string expected_ = undisturbed_head(batches_before + 1);
};

TEST_P(CrashMatrix, ACommitCutAtAnyStepIsWholeOrAbsent) {
    std::uint64_t step = 0;
    while (cut_at(step) && !HasFailure()) ++step;
    // The header of the WAL, its frames, its sync, and the checkpoint when it is closed.
    EXPECT_GT(step, 10U);
    EXPECT_LT(step, 10'000U);
    RecordProperty("steps", static_cast<int>(step));
}

TEST_P(CrashMatrix, ANewLedgerCutAtAnyStepCanBeCreatedAgain) {
    const std::string expected = undisturbed_head(1);
    std::uint64_t step = 0;
    for (bool struck = true; struck && !HasFailure(); ++step) {
        const Folder folder;
        const std::string path = folder.file("l.db");
        {
            FaultDisk disk;
            disk.set_fault(Fault::power_cut, step);
            if (auto ledger = open_ledger(path); ledger)
                static_cast<void>((*ledger)->commit(step_of(1)).has_value());
            struck = disk.struck();
            disk.power_cut(GetParam(), step);
        }
        auto again = open_ledger(path);
        ASSERT_TRUE(again) << "step " << step << ": " << again.error().text;
        ASSERT_TRUE((*again)->commit(step_of(1))) << "step " << step;
        EXPECT_EQ(head_of(**again), expected) << "step " << step;
    }
    EXPECT_GT(step, 20U);
}

INSTANTIATE_TEST_SUITE_P(Disk, CrashMatrix,
                         ::testing::Values(Unsynced::lost, Unsynced::kept, Unsynced::torn));

TEST(FaultDisk, AWriteThatWasNotSyncedIsLost) {
    // Proves that the simulated disk loses data: without syncs a commit must vanish.
    const Folder folder;
    const std::string path = folder.file("l.db");
    ASSERT_TRUE((*open_ledger(path))->commit(step_of(1)));
    {
        FaultDisk disk;
        auto db = *sqlite::Database::open(path, SQLITE_OPEN_READWRITE);
        ASSERT_TRUE(db.run("PRAGMA synchronous = OFF"));
        disk.set_fault(Fault::none, 0);
        ASSERT_TRUE(db.run("DELETE FROM loss; UPDATE batch SET booked_at = 1"));
        disk.set_fault(Fault::power_cut, 0);
        ASSERT_FALSE(db.run("UPDATE batch SET booked_at = 2"));
        db = *sqlite::Database::open(":memory:", SQLITE_OPEN_READWRITE);
        disk.power_cut(Unsynced::lost, 1);
    }
    EXPECT_EQ(head_of(**open_ledger(path)), undisturbed_head(1));
}

TEST(DiskFull, ACommitIsRefusedAsAWholeAndSucceedsLater) {
    const std::string expected = undisturbed_head(3);
    std::uint64_t refused = 0;
    for (std::uint64_t step = 0;; ++step) {
        const Folder folder;
        auto first = open_ledger(folder.file("l.db"));
        ASSERT_TRUE((*first)->commit(step_of(1)) && (*first)->commit(step_of(2)));
        first->reset();
        FaultDisk disk;
        auto ledger = *open_ledger(folder.file("l.db"));
        disk.set_fault(Fault::disk_full, step);
        const auto outcome = ledger->commit(step_of(3));
        const bool struck = disk.struck();
        if (!outcome) {
            ++refused;
            EXPECT_EQ(outcome.error().code, ErrorCode::no_space) << outcome.error().text;
            EXPECT_NE(outcome.error().text.find(folder.file("l.db")), std::string::npos);
            EXPECT_EQ(version_of_cursor(*ledger), 2U) << "step " << step;
            // The disk is still full.
            EXPECT_EQ(ledger->commit(step_of(3)).error().code, ErrorCode::no_space);
        }
        disk.set_fault(Fault::none, 0);
        const auto retried = ledger->commit(step_of(3));
        ASSERT_TRUE(retried) << "step " << step << ": " << retried.error().text;
        EXPECT_EQ(*retried, outcome ? CommitOutcome::already_committed : CommitOutcome::committed);
        EXPECT_EQ(head_of(*ledger), expected) << "step " << step;
        if (!struck || HasFailure()) break;
    }
    EXPECT_GT(refused, 10U);
}

[[noreturn]] void commit_until_killed(const std::string& path, std::uint64_t last) {
    auto ledger = open_ledger(path);
    if (!ledger) _exit(1);
    for (std::uint64_t next = version_of_cursor(**ledger) + 1; next <= last; ++next)
        if (!(*ledger)->commit(step_of(next, 200))) _exit(1);
    _exit(0);
}

TEST(KillNine, AtRandomMomentsLeavesTheLedgerWhole) {
    constexpr std::uint64_t batches = 200;
    const Folder folder;
    const std::string path = folder.file("l.db");
    std::mt19937_64 random(20261121);
    int kills = 0;
    for (int attempt = 0; attempt < 1000; ++attempt) {
        const pid_t child = fork();
        ASSERT_GE(child, 0);
        if (child == 0) commit_until_killed(path, batches);
        // Killed between before the open and after a few commits. Later attempts get more time, so
        // that the test ends.
        const auto limit_ns = 1000 * (4'000 + attempt * 500);
        const timespec moment{0, static_cast<long>(random() % static_cast<unsigned>(limit_ns))};
        ppoll(nullptr, 0, &moment, nullptr);
        kill(child, SIGKILL);
        int status = 0;
        ASSERT_EQ(waitpid(child, &status, 0), child);
        if (WIFEXITED(status)) {
            ASSERT_EQ(WEXITSTATUS(status), 0);
            break;
        }
        ++kills;
    }
    EXPECT_GT(kills, 5);
    auto ledger = *open_ledger(path);
    const Folder other;
    auto reference = *open_ledger(other.file("l.db"));
    for (std::uint64_t number = 1; number <= batches; ++number)
        ASSERT_TRUE(reference->commit(step_of(number, 200)));
    EXPECT_EQ(head_of(*ledger), head_of(*reference));
}

}  // namespace
}  // namespace octroi::testing
