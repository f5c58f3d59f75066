// SPDX-License-Identifier: GPL-3.0-or-later
// What a compaction does with a ledger that is damaged: it erases nothing that it cannot prove to
// be replaced, and goes on with the sound part.
#include <fmt/format.h>
#include <gtest/gtest.h>

#include <filesystem>

#include "host/testing/folder.hpp"
#include "ledger/audit.hpp"
#include "ledger/testing/batches.hpp"
#include "store/sqlite/sqlite_ledger.hpp"

namespace octroi::testing {
namespace {

// Batch `number` of one meter with traffic of day `number`. The first three are booked on one day,
// so that no anchor is between them, and the next three on another day.
Batch batch_of_day(std::uint64_t number, std::size_t rows = 40) {
    Batch batch = random_batch(number, 1, rows);
    batch.meter = {"eth0", "capture", MeterRole::bill};
    batch.cursors = {{"file:1", fmt::format("at {}", number), number, ""}};
    const Duration later = Duration::hours(24 * static_cast<std::int64_t>(number));
    for (Transfer& t : batch.transfers) t.bucket = t.bucket + later;
    batch.booked_at = some_day + Duration::hours(number <= 3 ? 3 * 24 + 2 : 6 * 24 + 2);
    return batch;
}

UtcTime day_begin(int day) { return some_day + Duration::hours(24 * day); }

class CompactionDamage : public ::testing::Test {
protected:
    static constexpr std::uint64_t batches = 6;

    // The first half of the batches is compacted.
    void SetUp() override {
        auto ledger = *SqliteLedger::open(path_, {.mode = OpenMode::create});
        for (std::uint64_t number = 1; number <= batches; ++number)
            ASSERT_TRUE(ledger->commit(batch_of_day(number)));
        ASSERT_TRUE(ledger->compact({.fine_before = day_begin(4)}, day_begin(9), {}));
    }
    void change(const std::string& sql) {
        const auto db = *sqlite::Database::open(path_, SQLITE_OPEN_READWRITE);
        ASSERT_TRUE(db.run(sql.c_str()));
        ASSERT_GT(sqlite3_changes(db.handle()), 0) << sql;
    }
    [[nodiscard]] std::int64_t number(const char* sql) const {
        return *(*sqlite::Database::open(path_, SQLITE_OPEN_READONLY)).number(sql);
    }
    [[nodiscard]] Result<CompactionProgress> compact(const Retention& retention) const {
        return (*SqliteLedger::open(path_, {.mode = OpenMode::read_write}))
            ->compact(retention, day_begin(9), {});
    }

    Folder folder_;
    const std::string path_ = folder_.file("l.db");
};

TEST_F(CompactionDamage, ErasesNoRowsOfOtherBatches) {
    const std::int64_t rows = number("SELECT count(*) FROM transfer");
    const std::int64_t sums = number("SELECT count(*) FROM old_transfer");
    ASSERT_GT(rows, 0);
    ASSERT_GT(sums, 0);
    // The last compacted batch says that all later transfers are its own; and so on.
    for (const auto& [sql, undo] : std::initializer_list<std::pair<const char*, const char*>>{
             {"UPDATE batch SET transfers = transfers + (1 << 30) WHERE number = 3",
              "UPDATE batch SET transfers = transfers - (1 << 30) WHERE number = 3"},
             {"UPDATE batch SET first_transfer = first_transfer + 30 WHERE number = 3",
              "UPDATE batch SET first_transfer = first_transfer - 30 WHERE number = 3"},
             {"UPDATE batch SET transfers = 9223372036854775807 - transfers WHERE number = 3",
              "UPDATE batch SET transfers = 9223372036854775807 - transfers WHERE number = 3"},
             {"UPDATE compaction SET last_batch = 5", "UPDATE compaction SET last_batch = 3"},
             {"UPDATE compaction SET number = 7", "UPDATE compaction SET number = 1"},
             {"DELETE FROM compaction_meter", nullptr}}) {
        SCOPED_TRACE(sql);
        change(sql);
        const auto done = compact({});
        ASSERT_FALSE(done);
        EXPECT_EQ(done.error().code, ErrorCode::corrupt);
        EXPECT_NE(done.error().text.find("next: run `octroi audit`"), std::string::npos);
        EXPECT_EQ(number("SELECT count(*) FROM transfer"), rows);
        EXPECT_EQ(number("SELECT count(*) FROM old_transfer"), sums);
        if (undo != nullptr) change(undo);
    }
}

// One bad batch is kept; the others are compacted, also those of the same plan.
TEST_F(CompactionDamage, KeepsOnlyTheBatchesThatAreDamaged) {
    // The sums of the meter stay the same, so only the digest of the batch can tell.
    change(
        "UPDATE transfer SET bytes = bytes + iif(transfer_id % 2 = 0, 5, -5) WHERE transfer_id IN "
        "(SELECT first_transfer + 2 FROM batch WHERE number = 5 UNION ALL SELECT first_transfer "
        "+ 3 FROM batch WHERE number = 5)");
    const auto done = compact({.fine_before = day_begin(9)});
    ASSERT_FALSE(done);
    EXPECT_EQ(done.error().code, ErrorCode::corrupt);
    EXPECT_NE(done.error().text.find("batch 5"), std::string::npos) << done.error().text;
    EXPECT_NE(done.error().text.find("2 other batches were compacted"), std::string::npos);
    EXPECT_EQ(number("SELECT count(*) FROM transfer t JOIN batch b ON b.number = 5 AND "
                     "t.transfer_id >= b.first_transfer AND t.transfer_id < b.first_transfer + "
                     "b.transfers"),
              number("SELECT count(*) FROM transfer"));
    EXPECT_EQ(number("SELECT sum(last_batch - first_batch + 1) FROM compaction"), 5);
}

TEST_F(CompactionDamage, KeepsSumsByHourThatAreNotThoseOfTheRecord) {
    change(
        "UPDATE old_transfer SET scaled_bytes = scaled_bytes + 1 WHERE (begin, from_party) IN "
        "(SELECT begin, from_party FROM old_transfer LIMIT 1)");
    const std::int64_t sums = number("SELECT count(*) FROM old_transfer");
    const auto done = compact({.hours_before = day_begin(9)});
    ASSERT_FALSE(done);
    EXPECT_EQ(done.error().code, ErrorCode::corrupt);
    EXPECT_EQ(number("SELECT count(*) FROM old_transfer"), sums);
    EXPECT_EQ(number("SELECT count(*) FROM compaction"), 1);
}

// What another program changes between the slices and the record is not recorded.
TEST_F(CompactionDamage, RecordsNoSumsThatAreNotInTheTable) {
    auto ledger = *SqliteLedger::open(path_, {.mode = OpenMode::read_write});
    bool changed = false;
    const auto done = ledger->compact({.fine_before = day_begin(9)}, day_begin(9),
                                      [&](const CompactionProgress& progress) {
                                          if (progress.added == 0 || changed) return true;
                                          changed = true;
                                          change(
                                              "DELETE FROM old_transfer WHERE (compaction, "
                                              "begin, meter, from_party, to_party, service) IN "
                                              "(SELECT compaction, begin, meter, from_party, "
                                              "to_party, service FROM old_transfer WHERE "
                                              "compaction = 2 LIMIT 1)");
                                          return true;
                                      });
    EXPECT_TRUE(changed);
    // The plan was split, and both halves were written again.
    EXPECT_TRUE(done) << done.error().text;
    EXPECT_EQ(number("SELECT count(*) FROM compaction"), 3);
    const auto report = audit(*ledger);
    ASSERT_TRUE(report);
    for (const AuditFinding& finding : report->findings) ADD_FAILURE() << finding.text;
}

// Sums without a record are removed, but only those of the compaction that comes next.
TEST_F(CompactionDamage, ErasesOnlyTheSumsOfTheUnfinishedCompaction) {
    const std::int64_t sums = number("SELECT count(*) FROM old_transfer");
    const auto copy_to = [&](int compaction) {
        change(fmt::format(
            "INSERT INTO old_transfer SELECT {}, begin, meter, from_party, to_party, service, "
            "bytes, packets, flows, 0, 0, 0, 0 FROM old_transfer WHERE compaction = 1 LIMIT 3",
            compaction));
    };
    copy_to(2);
    ASSERT_TRUE(compact({}));
    EXPECT_EQ(number("SELECT count(*) FROM old_transfer"), sums);
    copy_to(3);
    EXPECT_FALSE(compact({}));
    EXPECT_EQ(number("SELECT count(*) FROM old_transfer"), sums + 3);
}

// Batches that do not fit into one sum are compacted one by one.
TEST(Compaction, SplitsWhatDoesNotFitIntoASum) {
    const Folder folder;
    auto ledger = *SqliteLedger::open(folder.file("l.db"), {.mode = OpenMode::create});
    for (std::uint64_t id = 1; id <= 4; ++id)
        ASSERT_TRUE(ledger->commit(
            BatchBuilder(id)
                .transfer(1, account("a"), outside("x"), "web", (std::uint64_t{1} << 62U) + id)
                .build()));
    const UtcTime later = bucket_at(288);
    const auto done = ledger->compact({.fine_before = later, .hours_before = later}, later, {});
    ASSERT_TRUE(done) << done.error().text;
    EXPECT_EQ(done->batches, 8U);
    EXPECT_EQ(ledger->facts({})->transfers, 0U);
}

}  // namespace
}  // namespace octroi::testing
