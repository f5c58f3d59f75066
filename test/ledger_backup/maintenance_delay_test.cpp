// SPDX-License-Identifier: GPL-3.0-or-later
// What a commit of another process waits while a million rows are compacted, or their sums are made
// again.
#include <fmt/format.h>
#include <gtest/gtest.h>

#include <algorithm>
#include <atomic>
#include <chrono>
#include <thread>
#include <vector>

#include "host/testing/folder.hpp"
#include "ledger/audit.hpp"
#include "ledger/testing/batches.hpp"
#include "store/sqlite/sqlite_ledger.hpp"
#include "support/process.hpp"

namespace octroi::testing {
namespace {

using std::chrono::steady_clock;

constexpr int many_accounts = 20'000;
constexpr int rows_of_batch = 250'000;

// A quarter of a million transfers in two days, between many ends.
Batch large_batch(std::uint64_t id) {
    Batch batch = BatchBuilder(id).build();
    batch.services = {"web"};
    batch.parties = {outside("world")};
    for (int i = 0; i < many_accounts; ++i)
        batch.parties.push_back(
            account(fmt::format("a{}", i), fmt::format("10.0.{}.{}", i / 256, i % 256)));
    for (std::uint32_t i = 0; i < rows_of_batch; ++i) {
        const Volume volume{Bytes{1000}, Packets{2}, Flows{1}};
        batch.transfers.push_back({bucket_at(static_cast<int>(i / many_accounts) * 40), 0,
                                   1 + i % many_accounts, 0, volume});
        batch.observed += volume;
    }
    return batch;
}

class CommitDelay : public ::testing::Test {
protected:
    void SetUp() override {
        ledger_ = *SqliteLedger::open(path_, {.mode = OpenMode::create});
        for (std::uint64_t id = 1; id <= 4; ++id) {
            const auto outcome = ledger_->commit(large_batch(id));
            ASSERT_TRUE(outcome) << outcome.error().text;
        }
        alone_ = delays_beside([] { support::pass(std::chrono::seconds(2)); });
    }
    // How long commits take.
    struct Delays {
        Duration most;  // 95 of 100 commits took less
        Duration longest;
    };

    // Those of another connection while `work` runs, a commit every 20 ms.
    template <typename Work>
    Delays delays_beside(Work work) {
        auto other = *SqliteLedger::open(path_, {.mode = OpenMode::read_write, .node = "other"});
        std::atomic<bool> ends = false;
        std::vector<Duration> delays;
        std::thread daemon([&] {
            while (!ends) {
                const Batch batch = random_batch(next_++, 1, 20);
                const auto begin = steady_clock::now();
                const auto outcome = other->commit(batch);
                const std::chrono::nanoseconds delay = steady_clock::now() - begin;
                delays.push_back(Duration{delay.count()});
                EXPECT_TRUE(outcome) << outcome.error().text;
                support::pass(std::chrono::milliseconds(20));
            }
        });
        work();
        ends = true;
        daemon.join();
        EXPECT_GT(delays.size(), 10U);
        std::ranges::sort(delays, {}, &Duration::ns);
        return {.most = delays.at(delays.size() * 95 / 100), .longest = delays.back()};
    }
    // The promise is 200 ms. One commit in twenty may be longer, because the disk of a busy machine
    // may be; none waits until the work, of several seconds, has ended.
    void expect_short(const char* what, const Delays& delays) {
        const std::string text =
            fmt::format("95 of 100 commits {} ms, longest {} ms", delays.most.ns / 1'000'000,
                        delays.longest.ns / 1'000'000);
        RecordProperty(what, text);
        fmt::print("beside {}: {}\n", what, text);
        EXPECT_LT(delays.most.ns, alone_.most.ns + Duration::milliseconds(200).ns) << what;
        EXPECT_LT(delays.longest.ns, alone_.longest.ns + Duration::seconds(1).ns) << what;
    }

    Folder folder_;
    const std::string path_ = folder_.file("l.db");
    std::unique_ptr<SqliteLedger> ledger_;
    std::uint64_t next_ = 1000;
    Delays alone_;  // without maintenance: the disk of this machine
};

TEST_F(CommitDelay, IsShortBesideMaintenanceOfAMillionRows) {
    const UtcTime later = bucket_at(1000);
    const auto compact = [&](const Retention& retention) {
        const auto done = ledger_->compact(retention, later, {});
        ASSERT_TRUE(done) << done.error().text;
    };
    expect_short("a rebuild", delays_beside([&] { ASSERT_TRUE(ledger_->rebuild_sums()); }));
    expect_short("a compaction to hours", delays_beside([&] { compact({.fine_before = later}); }));
    expect_short("a rebuild from hours",
                 delays_beside([&] { ASSERT_TRUE(ledger_->rebuild_sums()); }));
    expect_short("a compaction to days", delays_beside([&] { compact({.hours_before = later}); }));
    EXPECT_TRUE(audit(*ledger_)->holds());
}

}  // namespace
}  // namespace octroi::testing
