// SPDX-License-Identifier: GPL-3.0-or-later
// Cursors of compacted batches: none is lost, and an audit beside a compaction finds no fault.
#include <fmt/format.h>
#include <gtest/gtest.h>

#include "host/testing/folder.hpp"
#include "ledger/audit.hpp"
#include "ledger/testing/batches.hpp"
#include "store/sqlite/sqlite_ledger.hpp"

namespace octroi::testing {
namespace {

UtcTime day_begin(int day) { return some_day + Duration::hours(24 * day); }

class CompactionCursors : public ::testing::Test {
protected:
    void SetUp() override { ledger_ = *SqliteLedger::open(path_, {.mode = OpenMode::create}); }
    void commit(SqliteLedger& ledger, const char* kind, const std::string& source,
                std::uint64_t version, int day = 0) {
        Batch batch = random_batch(++batches_, 1, 2);
        batch.meter = {"eth0", kind, MeterRole::bill};
        batch.booked_at = day_begin(day) + Duration::hours(1);
        batch.translations.clear();
        batch.cursors = {{source, fmt::format("at {}", version), version, ""}};
        const auto outcome = ledger.commit(batch);
        ASSERT_TRUE(outcome) << outcome.error().text;
    }
    Result<CompactionProgress> compact(const Retention& retention, int day) {
        auto other = SqliteLedger::open(path_, {.mode = OpenMode::read_write});
        return (*other)->compact(retention, day_begin(day), {});
    }
    static void expect_holds(const Result<AuditReport>& report) {
        ASSERT_TRUE(report) << report.error().text;
        for (const AuditFinding& finding : report->findings) ADD_FAILURE() << finding.text;
    }
    bool change(const char* sql) {
        return (*sqlite::Database::open(path_, SQLITE_OPEN_READWRITE)).run(sql).has_value();
    }

    Folder folder_;
    const std::string path_ = folder_.file("l.db");
    std::unique_ptr<SqliteLedger> ledger_;
    std::uint64_t batches_ = 0;
};

// A meter that has changed its kind moves the same cursor.
TEST_F(CompactionCursors, AreThoseOfAllMetersOfAName) {
    commit(*ledger_, "capture", "s", 1);
    commit(*ledger_, "capture", "idle", 1);
    commit(*ledger_, "conntrack", "s", 2);
    commit(*ledger_, "conntrack", "s", 3, 2);
    ASSERT_TRUE(compact({.fine_before = day_begin(1)}, 9));
    expect_holds(audit(*ledger_));
    ASSERT_TRUE(compact({.fine_before = day_begin(9), .hours_before = day_begin(1)}, 10));
    expect_holds(audit(*ledger_));
    commit(*ledger_, "conntrack", "s", 4, 11);
    commit(*ledger_, "capture", "idle", 2, 11);
    expect_holds(audit(*ledger_));
}

// What an audit finds must not be gone after a compaction.
TEST_F(CompactionCursors, ThatAreMissingStayFindings) {
    commit(*ledger_, "capture", "file:1", 1);
    commit(*ledger_, "capture", "idle", 1);
    for (const char* sql : {"DELETE FROM cursor WHERE source = 'idle'",
                            "UPDATE cursor SET position = x'00' WHERE source = 'idle'",
                            "UPDATE cursor SET version = version + 1 WHERE source = 'idle'"}) {
        const std::string copy = folder_.file("copy.db");
        ASSERT_TRUE(change(fmt::format("VACUUM INTO '{}'", copy).c_str()));
        auto ledger = *SqliteLedger::open(copy, {.mode = OpenMode::read_write});
        ASSERT_TRUE((*sqlite::Database::open(copy, SQLITE_OPEN_READWRITE)).run(sql));
        EXPECT_FALSE(audit(*ledger)->holds()) << sql;
        static_cast<void>(ledger->compact({.fine_before = day_begin(1)}, day_begin(9), {}));
        EXPECT_FALSE(audit(*ledger)->holds()) << sql;
        ledger.reset();
        std::filesystem::remove(copy);
    }
    // The same with what an earlier compaction has kept.
    ASSERT_TRUE(compact({.fine_before = day_begin(1)}, 9));
    ASSERT_TRUE(change("DELETE FROM cursor WHERE source = 'idle'"));
    const auto refused = compact({.hours_before = day_begin(1)}, 9);
    ASSERT_FALSE(refused);
    EXPECT_EQ(refused.error().code, ErrorCode::corrupt);
    EXPECT_FALSE(audit(*ledger_)->holds());
}

// The audit reads batches in slices; a compaction between two of them removes cursors of batches
// that it has seen, and of some that it has not.
TEST_F(CompactionCursors, MayBeCompactedDuringAnAudit) {
    constexpr std::uint64_t many = 2300;
    ASSERT_TRUE(change("PRAGMA synchronous = OFF"));
    for (std::uint64_t n = 1; n <= many; ++n) commit(*ledger_, "capture", "busy", n);
    commit(*ledger_, "capture", "idle", 1);
    commit(*ledger_, "capture", "later", 1, 3);
    for (const Retention& retention :
         {Retention{.fine_before = day_begin(1)}, Retention{.hours_before = day_begin(1)}}) {
        bool is_done = false;
        AuditOptions options;
        options.progress = [&](std::uint64_t, std::uint64_t) {
            if (std::exchange(is_done, true)) return;
            const auto done = compact(retention, 9);
            EXPECT_TRUE(done) << done.error().text;
            EXPECT_GT(done->batches, 0U);
        };
        expect_holds(audit(*ledger_, options));
        EXPECT_TRUE(is_done);
        expect_holds(audit(*ledger_));
    }
}

}  // namespace
}  // namespace octroi::testing
