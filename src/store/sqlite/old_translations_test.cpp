// SPDX-License-Identifier: GPL-3.0-or-later
// Translations of compacted batches: commits, kills and a clock that goes back do not make the
// record of a compaction wrong, and nobody gets an answer from a row that is over.
#include "store/sqlite/old_translations.hpp"

#include <fmt/format.h>
#include <gtest/gtest.h>

#include "host/testing/folder.hpp"
#include "ledger/audit.hpp"
#include "ledger/testing/batches.hpp"
#include "store/sqlite/sqlite_ledger.hpp"

namespace octroi::testing {
namespace {

UtcTime hour(int h) { return some_day + Duration::hours(h); }

class OldTranslationsTest : public ::testing::Test {
protected:
    static constexpr std::uint16_t first_port = 40000;
    static constexpr int mappings = 20;

    void SetUp() override { ledger_ = *SqliteLedger::open(path_, {.mode = OpenMode::create}); }

    // A mapping of each port since that hour; nobody has reported an end.
    static std::vector<Translation> open_since(int begin) {
        std::vector<Translation> all;
        for (int i = 0; i < mappings; ++i)
            all.push_back(translation(static_cast<std::uint32_t>(100 * begin + i),
                                      static_cast<std::uint16_t>(first_port + i),
                                      {hour(begin), UtcTime::max()}));
        return all;
    }
    void commit(SqliteLedger& ledger, int day, std::vector<Translation> translations) {
        Batch batch = random_batch(++batches_, 1, 10);
        batch.meter = {"flows", "collector", MeterRole::bill};
        batch.booked_at = hour(24 * day + 12);
        batch.translations = std::move(translations);
        const auto outcome = ledger.commit(batch);
        ASSERT_TRUE(outcome) << outcome.error().text;
    }
    void compact(int before_day, int now_day, const CompactionPause& pause = {}) {
        const auto done =
            ledger_->compact({.fine_before = hour(24 * before_day)}, hour(24 * now_day), pause);
        ASSERT_TRUE(done) << done.error().text;
    }
    void expect_holds() {
        const auto report = audit(*ledger_);
        ASSERT_TRUE(report) << report.error().text;
        for (const AuditFinding& finding : report->findings) ADD_FAILURE() << finding.text;
    }
    std::int64_t number(const std::string& sql) const {
        return *(*sqlite::Database::open(path_, SQLITE_OPEN_READONLY)).number(sql.c_str());
    }
    std::int64_t rows() const { return number("SELECT count(*) FROM translation"); }
    std::vector<Translation> answer(int port, UtcTime at) {
        return *ledger_->translations(
            {Address::v4(0xcb007105U), static_cast<std::uint16_t>(first_port + port), 6, at});
    }

    Folder folder_;
    const std::string path_ = folder_.file("l.db");
    std::unique_ptr<SqliteLedger> ledger_;
    std::uint64_t batches_ = 0;
};

// An exporter that reports no ends.
TEST_F(OldTranslationsTest, GoWhenALaterOneHasTheirPlace) {
    commit(*ledger_, 0, open_since(0));
    commit(*ledger_, 1, open_since(24));
    commit(*ledger_, 2, open_since(48));
    compact(2, 30);
    EXPECT_EQ(rows(), 2 * mappings) << "those of day 0 are over";
    EXPECT_TRUE(answer(0, hour(1)).empty());
    EXPECT_EQ(answer(0, hour(30)).size(), 1U);
    expect_holds();
    compact(3, 31);
    EXPECT_EQ(rows(), mappings);
    EXPECT_EQ(answer(0, hour(24 * 60)).size(), 1U) << "still valid";
    expect_holds();
}

TEST_F(OldTranslationsTest, MayEndWhileACompactionRuns) {
    commit(*ledger_, 0, open_since(0));
    commit(*ledger_, 1, open_since(24));
    auto other = *SqliteLedger::open(path_, {.mode = OpenMode::read_write, .node = "other"});
    int ended = 0;
    compact(2, 30, [&](const CompactionProgress&) {
        if (ended >= 5) return true;
        Translation t = open_since(0)[static_cast<std::size_t>(ended++)];
        t.valid.end = hour(20);
        commit(*other, 5, {t});
        return true;
    });
    EXPECT_EQ(ended, 5);
    expect_holds();
    // Of rows that are over, only those may be left that a later batch needs.
    EXPECT_LE(rows(), mappings + 5);
    EXPECT_GE(rows(), mappings);
    // An end that is reported when the row is gone.
    Translation late = open_since(0).back();
    late.valid.end = hour(20);
    commit(*ledger_, 6, {late});
    expect_holds();
    compact(20, 31);
    expect_holds();
    EXPECT_EQ(rows(), mappings);
}

TEST_F(OldTranslationsTest, AreDeletedByTheNextCompactionAfterACut) {
    commit(*ledger_, 0, open_since(0));
    commit(*ledger_, 1, open_since(24));
    commit(*ledger_, 2, {});
    // Stops when the record is written, before anything is deleted.
    compact(2, 30, [&](const CompactionProgress&) {
        return number("SELECT count(*) FROM compaction") < 2;
    });
    ASSERT_EQ(rows(), 2 * mappings);
    expect_holds();
    EXPECT_TRUE(answer(0, hour(1)).empty()) << "it is over";
    // Its end comes late: the row that may be deleted is not used.
    Translation late = open_since(0).front();
    late.valid.end = hour(20);
    commit(*ledger_, 3, {late});
    EXPECT_EQ(rows(), 2 * mappings + 1);
    expect_holds();
    compact(3, 31);
    EXPECT_EQ(rows(), mappings + 1);
    expect_holds();
}

// A mapping with a lost end is over because of a later one, which is over too. If the deletion
// is cut off between them, nothing is wrong.
TEST_F(OldTranslationsTest, GoInTheOrderOfTheirBegin) {
    constexpr int many = 4000;
    std::vector<Translation> lost;
    std::vector<Translation> ended;
    for (int i = 0; i < many; ++i) {
        const auto port = static_cast<std::uint16_t>(20000 + i);
        lost.push_back(translation(1, port, {hour(0), UtcTime::max()}));
        ended.push_back(translation(2, port, {hour(5), hour(6)}));
    }
    commit(*ledger_, 0, lost);
    commit(*ledger_, 0, ended);
    bool is_cut = false;
    for (int day = 1; rows() > 1; ++day) {
        ASSERT_LT(day, 500) << "nothing is deleted";
        int slices = 0;
        const std::int64_t before = rows();
        // Stops after the second slice of a deletion.
        compact(day, 600 + day, [&](const CompactionProgress&) {
            slices += rows() < before ? 1 : 0;
            return slices < 2;
        });
        is_cut = is_cut || (rows() < 2 * many && rows() > 1);
        expect_holds();
        if (day == 1) {
            Translation late = lost.back();
            late.valid.end = hour(4);
            commit(*ledger_, 1, {late});
            expect_holds();
        }
        // Only a compaction with something to do deletes what an earlier one has left.
        commit(*ledger_, day, {});
    }
    EXPECT_TRUE(is_cut);
    EXPECT_LE(rows(), 1) << "the one with the late end";
}

// A forged row with a compacted batch, which is over, does not take the place of another one.
TEST_F(OldTranslationsTest, ThatAreOverHideNothing) {
    commit(*ledger_, 0, {});
    compact(1, 30);
    commit(*ledger_, 20, open_since(24 * 5));
    ASSERT_EQ(answer(0, hour(24 * 20)).size(), 1U);
    const auto db = *sqlite::Database::open(path_, SQLITE_OPEN_READWRITE);
    ASSERT_TRUE(
        db.run("INSERT INTO translation SELECT exporter, outside, protocol, first_port, last_port, "
               "port_step, remote, remote_port, '10.6.6.6', 0, begin_at + 3600000000000, begin_at "
               "+ 7200000000000, 1, 1 FROM translation WHERE first_port = 40000"));
    ASSERT_EQ(rows(), mappings + 1);
    EXPECT_EQ(answer(0, hour(24 * 20)).size(), 1U);
}

TEST_F(OldTranslationsTest, StandAClockThatGoesBack) {
    Translation ended = open_since(0)[0];
    ended.valid.end = hour(24 * 20);
    commit(*ledger_, 0, {ended});
    commit(*ledger_, 1, open_since(24));
    compact(1, 30);
    expect_holds();
    commit(*ledger_, 2, {});
    compact(2, 10);
    expect_holds();
    commit(*ledger_, 3, {});
    compact(4, 40);
    expect_holds();
    EXPECT_EQ(rows(), mappings);
}

TEST_F(OldTranslationsTest, AForgedOneThatIsOverIsNotAnswered) {
    commit(*ledger_, 0, open_since(0));
    compact(1, 30);
    const auto db = *sqlite::Database::open(path_, SQLITE_OPEN_READWRITE);
    ASSERT_TRUE(
        db.run(fmt::format("INSERT INTO translation SELECT exporter, outside, protocol, 9, 9, 1, "
                           "remote, 0, '10.6.6.6', 0, begin_at, begin_at + 3600000000000, 1, 1 "
                           "FROM translation LIMIT 1")
                   .c_str()));
    EXPECT_EQ(rows(), mappings + 1);
    EXPECT_TRUE(answer(9 - first_port, some_day + Duration::minutes(1)).empty());
    commit(*ledger_, 1, {});
    compact(2, 31);
    EXPECT_EQ(rows(), mappings);
    expect_holds();
}

TEST_F(OldTranslationsTest, AreNotMadeTrueByTheNextRecord) {
    commit(*ledger_, 0, open_since(0));
    compact(1, 30);
    commit(*ledger_, 1, {});
    const auto db = *sqlite::Database::open(path_, SQLITE_OPEN_READWRITE);
    ASSERT_TRUE(db.run("UPDATE translation SET inside = '10.6.6.6' WHERE first_port = 40000"));
    std::uint64_t written = 0;
    const auto refused = ledger_->compact({.fine_before = hour(48)}, hour(24 * 31),
                                          [&](const CompactionProgress& progress) {
                                              written = progress.added;
                                              return true;
                                          });
    ASSERT_FALSE(refused);
    EXPECT_EQ(written, 0U) << "nothing that has to be removed again";
    EXPECT_EQ(refused.error().code, ErrorCode::corrupt);
    EXPECT_EQ(number("SELECT count(*) FROM compaction"), 1);
    EXPECT_FALSE(audit(*ledger_)->holds());
}

}  // namespace
}  // namespace octroi::testing
