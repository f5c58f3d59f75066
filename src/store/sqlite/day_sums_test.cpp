// SPDX-License-Identifier: GPL-3.0-or-later
// Sums by day that are brought up to date, or made again, in slices: questions are right in
// between.
#include "store/sqlite/day_sums.hpp"

#include <fmt/format.h>
#include <gtest/gtest.h>

#include <chrono>

#include "host/testing/folder.hpp"
#include "ledger/audit.hpp"
#include "ledger/testing/batches.hpp"
#include "store/sqlite/day_upsert.hpp"
#include "store/sqlite/sqlite_ledger.hpp"

namespace octroi::testing {
namespace {

UtcTime begin_of_day(int day) { return bucket_at(day * 288); }

// More keys than one slice of the sums has, on three days.
Batch batch_of_many_accounts(std::uint64_t id, int accounts) {
    BatchBuilder builder(id);
    Batch batch = builder.build();
    batch.booked_at = begin_of_day(3);
    batch.parties = {outside("world"), account("user1")};
    for (int i = 0; i < accounts; ++i) batch.parties.push_back(account(fmt::format("many{}", i)));
    batch.services = {"web"};
    for (int day = 0; day < 3; ++day)
        for (std::uint32_t i = 1; i < batch.parties.size(); ++i) {
            const Volume volume{Bytes{i}, Packets{1}, Flows{1}};
            batch.transfers.push_back(
                {bucket_at(day * 288 + 30), i, i % 5 == 0 ? 1U : 0U, 0, volume});
            batch.observed += volume;
        }
    return batch;
}

// Booked at the same time as the others, so that no anchor is between them.
Batch booked_late(std::uint64_t seed) {
    Batch batch = random_batch(seed, 1, 200);
    batch.booked_at = begin_of_day(3);
    return batch;
}

std::vector<SumQuestion> some_questions() {
    const Interval all{begin_of_day(0), begin_of_day(3)};
    return {{.period = all, .by_meter = true, .by_service = true},
            {.period = all, .by_identity = true},
            {.period = {begin_of_day(1), begin_of_day(2)}, .estimates = true},
            {.period = {bucket_at(24), bucket_at(600)}, .by_service = true},
            {.period = all,
             .ends = {"user1"},
             .steps = {begin_of_day(0), begin_of_day(1), begin_of_day(2)}}};
}

class DaySumsInSlices : public ::testing::Test {
protected:
    void SetUp() override {
        ledger_ = *SqliteLedger::open(path_, {.mode = OpenMode::create});
        ASSERT_TRUE(ledger_->commit(booked_late(1)));
        ASSERT_TRUE(ledger_->commit(batch_of_many_accounts(100, 4000)));
        ASSERT_TRUE(ledger_->commit(booked_late(2)));
        for (const SumQuestion& question : some_questions())
            expected_.push_back(*ledger_->sums(question));
    }
    void expect_right_answers() {
        for (std::size_t i = 0; i < expected_.size(); ++i) {
            const auto found = ledger_->sums(some_questions()[i]);
            ASSERT_TRUE(found) << found.error().text;
            ASSERT_EQ(*found, expected_[i]) << "question " << i;
        }
    }
    // The slices that it took.
    int make_sums() {
        sqlite::DaySums day_sums(db_, {});
        for (int slices = 1;; ++slices) {
            bool more = false;
            const Status done = day_sums.catch_up([&] {
                more = true;
                return false;
            });
            EXPECT_TRUE(done) << done.error().text;
            expect_right_answers();
            const auto same = day_sums.check();
            EXPECT_TRUE(same && *same) << slices;
            if (!more || HasFailure()) return slices;
        }
    }

    Folder folder_;
    const std::string path_ = folder_.file("l.db");
    std::unique_ptr<SqliteLedger> ledger_;
    sqlite::Database db_ =
        *sqlite::Database::open(path_, SQLITE_OPEN_READWRITE | SQLITE_OPEN_CREATE);
    std::vector<std::vector<TransferSum>> expected_;
};

TEST_F(DaySumsInSlices, QuestionsAreRightAfterEachOne) {
    EXPECT_GT(make_sums(), 1);
    ASSERT_TRUE(db_.run("UPDATE day_state SET batches = 0, rows = -1"));
    expect_right_answers();
    EXPECT_GT(make_sums(), 3);
    ASSERT_TRUE(ledger_->compact({.fine_before = begin_of_day(4)}, begin_of_day(4), {}));
    expect_right_answers();
    // As after a rebuild that was killed.
    ASSERT_TRUE(db_.run("UPDATE day_state SET batches = 0, rows = -1"));
    expect_right_answers();
    EXPECT_GT(make_sums(), 3);
    ASSERT_TRUE(audit(*ledger_)->holds());
}

// The sums contain a part of a compaction, as in a ledger with a wrong state: they are not used,
// and compacted rows are not left out.
TEST_F(DaySumsInSlices, ACompactionThatIsPartlySummedIsRead) {
    ASSERT_TRUE(ledger_->compact({.fine_before = begin_of_day(4)}, begin_of_day(4), {}));
    ASSERT_TRUE(db_.run("DELETE FROM day_sum; DELETE FROM day_end"));
    for (const char* state :
         {"UPDATE day_state SET batches = 0", "UPDATE day_state SET batches = 1",
          "UPDATE day_state SET batches = 2, rows = 7"}) {
        ASSERT_TRUE(db_.run(state));
        expect_right_answers();
        sqlite::DaySums day_sums(db_, {});
        if (std::string_view(state).ends_with("batches = 0")) continue;
        const auto same = day_sums.check();
        ASSERT_TRUE(same) << same.error().text;
        EXPECT_FALSE(*same);
        const Status added = day_sums.catch_up({});
        ASSERT_FALSE(added);
        EXPECT_EQ(added.error().code, ErrorCode::corrupt);
    }
    ASSERT_TRUE(ledger_->rebuild_sums());
    expect_right_answers();
    EXPECT_TRUE(audit(*ledger_)->holds());
}

// Only some batches are summed, and later ones are compacted: a rebuild that was cut off.
TEST(DaySums, CompactionsBehindThemAreRead) {
    const Folder folder;
    auto ledger = *SqliteLedger::open(folder.file("l.db"), {.mode = OpenMode::create});
    auto partly = *SqliteLedger::open(folder.file("partly.db"), {.mode = OpenMode::create});
    for (std::uint64_t seed = 1; seed <= 6; ++seed) {
        ASSERT_TRUE(ledger->commit(random_batch(seed, 1, 100)));
        if (seed > 3) continue;
        ASSERT_TRUE(partly->commit(random_batch(seed, 1, 100)));
        if (seed < 3) continue;
        ASSERT_TRUE(ledger->anchor(AnchorReason::demand, begin_of_day(1)));
    }
    ASSERT_TRUE(partly->compact({}, begin_of_day(2), {}));
    partly.reset();
    std::vector<std::vector<TransferSum>> expected;
    for (const SumQuestion& question : some_questions())
        expected.push_back(*ledger->sums(question));
    ASSERT_TRUE(ledger->compact({.fine_before = begin_of_day(2)}, begin_of_day(2), {}));
    const auto db = *sqlite::Database::open(folder.file("l.db"), SQLITE_OPEN_READWRITE);
    ASSERT_EQ(*db.number("SELECT count(*) FROM compaction"), 2);
    ASSERT_TRUE(db.run(fmt::format("ATTACH '{}' AS p; DELETE FROM day_sum; DELETE FROM day_end; "
                                   "INSERT INTO day_sum SELECT * FROM p.day_sum; INSERT INTO "
                                   "day_end SELECT * FROM p.day_end; UPDATE day_state SET batches "
                                   "= 3",
                                   folder.file("partly.db"))
                           .c_str()));
    for (std::size_t i = 0; i < expected.size(); ++i)
        EXPECT_EQ(*ledger->sums(some_questions()[i]), expected[i]) << "question " << i;
    EXPECT_TRUE(audit(*ledger)->holds());
}

// An error in the middle of the rows leaves no snapshot open, which would make all later commits of
// this process fail.
TEST(DaySums, AnErrorDoesNotKeepOthersFromCommitting) {
    const Folder folder;
    const LedgerOptions options{.mode = OpenMode::create, .busy_timeout = Duration::seconds(1)};
    auto ledger = *SqliteLedger::open(folder.file("l.db"), options);
    auto other = *SqliteLedger::open(folder.file("l.db"), options);
    ASSERT_TRUE(ledger->commit(random_batch(1, 1, 50)));
    {
        const auto db = *sqlite::Database::open(folder.file("l.db"), SQLITE_OPEN_READWRITE);
        ASSERT_TRUE(
            db.run("DELETE FROM party WHERE party_id = (SELECT to_party FROM transfer WHERE "
                   "transfer_id = 20)"));
    }
    ASSERT_FALSE(ledger->compact({}, begin_of_day(1), {}));
    ASSERT_TRUE(other->commit(random_batch(2, 1, 50)));
    const auto outcome = ledger->commit(random_batch(3, 1, 50));
    EXPECT_TRUE(outcome) << outcome.error().text;
}

TEST(DaySums, BatchesWithFewTransfersAreAddedToo) {
    const Folder folder;
    auto ledger = *SqliteLedger::open(folder.file("l.db"), {.mode = OpenMode::create});
    const auto db = *sqlite::Database::open(folder.file("l.db"), SQLITE_OPEN_READWRITE);
    ASSERT_TRUE(db.run("PRAGMA synchronous = OFF"));
    for (std::uint64_t id = 1; id <= 2010; ++id) {
        BatchBuilder builder(id);
        if (id % 100 == 0) builder.transfer(1, account("a"), outside("x"), "web", 1);
        ASSERT_TRUE(ledger->commit(builder.build()));
    }
    EXPECT_GE(*db.number("SELECT batches FROM day_state"), 2000);
    ASSERT_TRUE(ledger->compact({}, begin_of_day(3), {}));
    EXPECT_EQ(*db.number("SELECT batches FROM day_state"), 2010);
}

// While another process writes, a commit does not wait for the sums.
TEST(DaySums, ACommitDoesNotWaitForThem) {
    const Folder folder;
    auto ledger = *SqliteLedger::open(folder.file("l.db"), {.mode = OpenMode::create});
    ASSERT_TRUE(ledger->commit(random_batch(1, 1, 50)));
    const auto db = *sqlite::Database::open(folder.file("l.db"), SQLITE_OPEN_READWRITE);
    sqlite3_busy_timeout(db.handle(), 10'000);
    const auto writer = *sqlite::Database::open(folder.file("l.db"), SQLITE_OPEN_READWRITE);
    ASSERT_TRUE(writer.run("BEGIN IMMEDIATE"));
    sqlite::DaySums day_sums(db, {});
    const auto before = std::chrono::steady_clock::now();
    const Status added = day_sums.add_pending(1);
    ASSERT_FALSE(added);
    EXPECT_EQ(added.error().code, ErrorCode::busy);
    EXPECT_LT(std::chrono::steady_clock::now() - before, std::chrono::seconds(5));
    EXPECT_EQ(*db.number("PRAGMA busy_timeout"), 10'000);
    ASSERT_TRUE(writer.run("COMMIT"));
    EXPECT_TRUE(day_sums.add_pending(1));
    EXPECT_EQ(*db.number("SELECT batches FROM day_state"), 1);
}

// Corrections of about -2^62 bytes: a sum that does not fit is not known, in memory and in the
// table.
TEST(DaySums, StayAtTheLimitOnBothSides) {
    constexpr std::int64_t limit = sqlite::day_figure_max;
    const Folder folder;
    ASSERT_TRUE(SqliteLedger::open(folder.file("l.db"), {.mode = OpenMode::create}));
    const auto db = *sqlite::Database::open(folder.file("l.db"), SQLITE_OPEN_READWRITE);
    struct Case {
        std::vector<std::int64_t> added;
        std::int64_t sum;
    };
    std::int64_t day = 0;
    for (const Case& each :
         {Case{{5, -7}, -2}, Case{{1 - limit, -5}, limit}, Case{{limit - 1, 5}, limit},
          Case{{1 - limit, 1 - limit, 1 - limit}, limit},
          Case{{limit - 1, limit - 1, limit - 1}, limit}, Case{{INT64_MIN, 3}, limit},
          Case{{limit, -5, -limit}, limit}, Case{{1 - limit, limit - 1}, 0}}) {
        sqlite::DayFigures in_memory{};
        ++day;
        for (const std::int64_t value : each.added) {
            sqlite::DayFigures figures{};
            figures[0] = value;
            sqlite::add_figures(in_memory, figures);
            sqlite::DayFigures row{};
            sqlite::add_figures(row, figures);
            ASSERT_TRUE(sqlite::upsert_day_rows<sqlite::DayKey>(db, {{{.day = day}, row}}));
        }
        EXPECT_EQ(in_memory[0], each.sum) << day;
        EXPECT_EQ(*db.number(fmt::format("SELECT bytes FROM day_sum WHERE day = {}", day).c_str()),
                  each.sum)
            << day;
    }
}

// The variance of a high sampling rate often does not fit.
TEST(DaySums, AFigureAtItsLimitHidesNoOtherFromTheAudit) {
    const Folder folder;
    Batch batch = BatchBuilder(1).build();
    batch.parties = {account("alice", "10.0.0.1"), outside("world")};
    batch.services = {"web"};
    batch.transfers = {{bucket_at(1), 0, 1, 0, {Bytes{5000}, Packets{5}, Flows{1}}},
                       {bucket_at(1), 1, 0, 0, {Bytes{7000}, Packets{7}, Flows{1}}}};
    batch.sampled = {{0, Bytes{5}, Packets{1}, INT64_MAX, 7}};
    batch.observed = {Bytes{12'000}, Packets{12}, Flows{2}};
    const auto ledger = *SqliteLedger::open(folder.file("l.db"), {.mode = OpenMode::create});
    ASSERT_TRUE(ledger->commit(batch));
    ASSERT_TRUE(ledger->rebuild_sums());
    EXPECT_TRUE(audit(*ledger)->holds());
    const auto db = *sqlite::Database::open(folder.file("l.db"), SQLITE_OPEN_READWRITE);
    for (const char* table : {"day_sum", "day_end"}) {
        EXPECT_EQ(*db.number(fmt::format("SELECT max(bytes_variance) FROM {}", table).c_str()),
                  sqlite::day_figure_max);
        // Also another figure of the row that has one at the limit.
        for (const char* rows : {"bytes = 5000", "bytes = 7000"}) {
            ASSERT_TRUE(db.run("BEGIN"));
            ASSERT_TRUE(db.run(
                fmt::format("UPDATE {} SET bytes = bytes + 1 WHERE {}", table, rows).c_str()));
            ASSERT_TRUE(db.run("COMMIT"));
            EXPECT_FALSE(audit(*ledger)->holds()) << table << " " << rows;
            ASSERT_TRUE(db.run(fmt::format("UPDATE {} SET bytes = bytes - 1 WHERE bytes IN (5001, "
                                           "7001)",
                                           table)
                                   .c_str()));
        }
        EXPECT_TRUE(audit(*ledger)->holds());
    }
}

}  // namespace
}  // namespace octroi::testing
