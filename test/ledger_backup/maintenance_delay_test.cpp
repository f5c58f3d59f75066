// SPDX-License-Identifier: GPL-3.0-or-later
// What a commit of another process waits while a million rows are compacted, or their sums are made
// again.
#include <fmt/format.h>
#include <gtest/gtest.h>

#include <algorithm>
#include <atomic>
#include <chrono>
#include <thread>

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
        alone_ = longest_beside([] { support::pass(std::chrono::seconds(2)); });
    }
    // The longest commit of another connection while `work` runs, a commit every 20 ms.
    template <typename Work>
    Duration longest_beside(Work work) {
        auto other = *SqliteLedger::open(path_, {.mode = OpenMode::read_write, .node = "other"});
        std::atomic<bool> ends = false;
        steady_clock::duration longest{};
        int commits = 0;
        std::thread daemon([&] {
            for (; !ends; ++commits) {
                const Batch batch = random_batch(next_++, 1, 20);
                const auto begin = steady_clock::now();
                const auto outcome = other->commit(batch);
                longest = std::max(longest, steady_clock::now() - begin);
                EXPECT_TRUE(outcome) << outcome.error().text;
                support::pass(std::chrono::milliseconds(20));
            }
        });
        work();
        ends = true;
        daemon.join();
        EXPECT_GT(commits, 10);
        return Duration{std::chrono::nanoseconds(longest).count()};
    }
    void expect_short(const char* what, Duration longest) {
        RecordProperty(what, fmt::format("{} ms", longest.ns / 1'000'000));
        fmt::print("the longest commit beside {}: {} ms\n", what, longest.ns / 1'000'000);
        EXPECT_LT(longest.ns, alone_.ns + Duration::milliseconds(200).ns) << what;
    }

    Folder folder_;
    const std::string path_ = folder_.file("l.db");
    std::unique_ptr<SqliteLedger> ledger_;
    std::uint64_t next_ = 1000;
    Duration alone_;  // the longest commit without maintenance: the disk of this machine
};

TEST_F(CommitDelay, IsShortBesideMaintenanceOfAMillionRows) {
    const UtcTime later = bucket_at(1000);
    const auto compact = [&](const Retention& retention) {
        const auto done = ledger_->compact(retention, later, {});
        ASSERT_TRUE(done) << done.error().text;
    };
    expect_short("a rebuild", longest_beside([&] { ASSERT_TRUE(ledger_->rebuild_sums()); }));
    expect_short("a compaction to hours", longest_beside([&] { compact({.fine_before = later}); }));
    expect_short("a rebuild from hours",
                 longest_beside([&] { ASSERT_TRUE(ledger_->rebuild_sums()); }));
    expect_short("a compaction to days", longest_beside([&] { compact({.hours_before = later}); }));
    EXPECT_TRUE(audit(*ledger_)->holds());
}

}  // namespace
}  // namespace octroi::testing
