// SPDX-License-Identifier: GPL-3.0-or-later
// What one sender can choose about translations does not make a commit slow: its time is that of
// the number of translations, whatever they have in common.
#include <gtest/gtest.h>

#include <ctime>
#include <functional>

#include "host/testing/folder.hpp"
#include "ledger/audit.hpp"
#include "ledger/testing/batches.hpp"
#include "store/sqlite/sqlite_ledger.hpp"

namespace octroi::testing {
namespace {

// In a datagram of 1400 octets there are some 30: 400 datagrams.
constexpr int many = 12'000;
// Some 100 ms on an idle machine. Rows that all read each other take 30 s.
constexpr double seconds_max = 8;

class TranslationTime : public ::testing::Test {
protected:
    void SetUp() override {
        ledger_ = *SqliteLedger::open(folder_.file("l.db"), {.mode = OpenMode::create});
    }
    // The translations that `make` returns for 0 to many - 1.
    void commit(UtcTime booked_at, const std::function<Translation(int)>& make) {
        Batch batch = random_batch(++batches_, 1, 5);
        batch.booked_at = booked_at;
        for (int i = 0; i < many; ++i) batch.translations.push_back(make(i));
        // CPU time: the machine may be busy with other work.
        const std::clock_t begin = std::clock();
        const auto outcome = ledger_->commit(batch);
        const double took = static_cast<double>(std::clock() - begin) / CLOCKS_PER_SEC;
        ASSERT_TRUE(outcome) << outcome.error().text;
        EXPECT_LT(took, seconds_max);
    }
    void expect_holds() {
        const auto report = audit(*ledger_);
        ASSERT_TRUE(report) << report.error().text;
        for (const AuditFinding& finding : report->findings) ADD_FAILURE() << finding.text;
    }

    Folder folder_;
    std::unique_ptr<SqliteLedger> ledger_;
    std::uint64_t batches_ = 0;
};

TEST_F(TranslationTime, OfOneOutsideEndAndOneBeginIsLinear) {
    const auto make = [](UtcTime end) {
        return [end](int i) {
            return translation(static_cast<std::uint32_t>(i), 40'000, {some_day, end});
        };
    };
    commit(some_day, make(some_day + Duration::seconds(1)));  // begin and end
    commit(some_day, make(UtcTime::max()));
    commit(some_day, make(some_day + Duration::seconds(2)));  // ends of the ones before
    expect_holds();
}

// Late reports of one mapping, of which compacted batches have other begins.
TEST_F(TranslationTime, OfOneMappingWithCompactedBeginsIsLinear) {
    const auto begins = [](Duration from, UtcTime end) {
        return [=](int i) {
            return translation(1, 40'000, {some_day + from + Duration::milliseconds(i), end});
        };
    };
    commit(some_day, begins({}, UtcTime::max()));
    const UtcTime later = some_day + Duration::hours(24 * 30);
    commit(some_day + Duration::hours(24), [](int i) {
        return translation(2, 1000, {some_day + Duration::hours(1000 + i), UtcTime::max()});
    });
    const auto done = ledger_->compact({.fine_before = some_day + Duration::hours(24)}, later, {});
    ASSERT_TRUE(done) << done.error().text;
    commit(later, begins(Duration::hours(1), UtcTime::max()));
    commit(later, begins({}, some_day + Duration::hours(2)));
    expect_holds();
}

}  // namespace
}  // namespace octroi::testing
