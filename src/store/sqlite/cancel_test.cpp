// SPDX-License-Identifier: GPL-3.0-or-later
// A reader ends a long question where it is asked to stop, and can be asked again.
#include <gtest/gtest.h>

#include <climits>

#include "host/testing/folder.hpp"
#include "ledger/audit.hpp"
#include "ledger/testing/batches.hpp"
#include "store/sqlite/sqlite_ledger.hpp"

namespace octroi {
namespace {

// Many rows, so that each question below looks often whether it must stop.
Batch batch_of_many_buckets() {
    testing::BatchBuilder builder(1);
    Batch batch = builder.build();
    batch.parties = {testing::account("alice", "10.0.0.1"), testing::outside("world")};
    batch.services = {"web"};
    for (int i = 0; i < 100'000; ++i) {
        const Volume volume{Bytes{1000}, Packets{1}, Flows{1}};
        batch.transfers.push_back({testing::bucket_at(i), 0, 1, 0, volume});
        batch.observed += volume;
    }
    return batch;
}

class CancelTest : public ::testing::Test {
protected:
    void SetUp() override {
        auto writer = SqliteLedger::open(path_, {.mode = OpenMode::create});
        ASSERT_TRUE(writer) << writer.error().text;
        ASSERT_TRUE((*writer)->commit(batch_of_many_buckets()));
        auto reader =
            SqliteLedger::open(path_, {.stop_requested = [this] { return ++looks_ >= stop_at_; }});
        ASSERT_TRUE(reader) << reader.error().text;
        reader_ = std::move(*reader);
    }

    // Asks to stop when the call has done half of its work, counted in looks for a request to stop.
    template <typename Call>
    void expect_cancelled(const Call& call) {
        looks_ = 0;
        ASSERT_TRUE(call());
        const int all = looks_;
        ASSERT_GT(all, 10) << "it hardly ever looks whether it must stop";
        looks_ = 0;
        stop_at_ = all / 2;
        const auto result = call();
        ASSERT_FALSE(result) << "it did not end where it was asked to stop";
        EXPECT_EQ(result.error().code, ErrorCode::interrupted) << result.error().text;
        EXPECT_LT(looks_, all * 3 / 4) << "it went on";
        stop_at_ = INT_MAX;
    }

    testing::Folder folder_;
    const std::string path_ = folder_.file("ledger.db");
    int looks_ = 0;
    int stop_at_ = INT_MAX;
    std::unique_ptr<SqliteLedger> reader_;
};

TEST_F(CancelTest, OfAQuestion) {
    // With identities, which the sums by day do not have, so that all transfers are read.
    const SumQuestion question{.by_identity = true};
    expect_cancelled([&] { return reader_->sums(question); });
    EXPECT_TRUE(reader_->sums({}));
}

TEST_F(CancelTest, OfAnAudit) {
    expect_cancelled([&] { return audit(*reader_); });
    EXPECT_TRUE(audit(*reader_)->holds());
}

TEST_F(CancelTest, NeverOfACommit) {
    auto writer = SqliteLedger::open(
        path_, {.mode = OpenMode::read_write, .stop_requested = [] { return true; }});
    ASSERT_TRUE(writer) << writer.error().text;
    EXPECT_TRUE((*writer)->commit(testing::random_batch(7, 1, 50)));
}

}  // namespace
}  // namespace octroi
