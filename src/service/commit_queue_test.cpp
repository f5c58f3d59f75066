// SPDX-License-Identifier: GPL-3.0-or-later
#include "service/commit_queue.hpp"

#include <gtest/gtest.h>

namespace octroi {
namespace {

TEST(CommitQueue, GivesEachWorkerItsTurn) {
    CommitQueue queue(3, Duration::seconds(60));
    EXPECT_FALSE(queue.next({}).has_value());
    for (std::size_t worker = 0; worker < 3; ++worker) EXPECT_TRUE(queue.put(worker, {}));
    // Each puts a batch again while the next one is committed.
    for (const std::size_t expected : {0U, 1U, 2U, 0U, 1U, 2U}) {
        const auto waiting = queue.next({});
        ASSERT_TRUE(waiting.has_value());
        EXPECT_EQ(waiting->worker, expected);
        queue.done(waiting->worker);
        EXPECT_TRUE(queue.put(waiting->worker, {}));
    }
}

TEST(CommitQueue, GivesABatchAgainUntilItIsDone) {
    CommitQueue queue(2, Duration::seconds(60));
    EXPECT_TRUE(queue.put(1, {}));
    for (int i = 0; i < 3; ++i) EXPECT_EQ(queue.next({})->worker, 1U);
    queue.done(1);
    EXPECT_TRUE(queue.is_free(1));
    EXPECT_FALSE(queue.next({}).has_value());
}

TEST(CommitQueue, SaysToEachWorkerOnceThatTablesAreNew) {
    CommitQueue queue(2, Duration::seconds(60));
    EXPECT_FALSE(queue.has_new_tables(0));
    queue.post_tables({});
    EXPECT_TRUE(queue.has_new_tables(0));
    EXPECT_TRUE(queue.new_tables(0).has_value());
    EXPECT_FALSE(queue.has_new_tables(0));
    EXPECT_FALSE(queue.new_tables(0).has_value());
    EXPECT_TRUE(queue.has_new_tables(1));
}

}  // namespace
}  // namespace octroi
