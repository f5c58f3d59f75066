// SPDX-License-Identifier: GPL-3.0-or-later
// A walk over all batches reads in short transactions: SQLite can move committed pages from the WAL
// into the database meanwhile, so a long audit does not let the WAL grow.
#include <fmt/format.h>
#include <gtest/gtest.h>

#include "host/testing/folder.hpp"
#include "ledger/testing/batches.hpp"
#include "store/sqlite/sqlite_ledger.hpp"

namespace octroi::testing {
namespace {

Batch large_batch(std::uint64_t id) {
    Batch batch;
    batch.id = batch_id(id);
    batch.meter = {"eth0", "capture"};
    batch.parties = {outside("world")};
    batch.services = {"web"};
    for (std::uint32_t i = 1; i <= 30'000; ++i) {
        batch.parties.push_back(unattributed(fmt::format("{}", i)));
        batch.transfers.push_back({some_day, i, 0, 0, {Bytes{i}, Packets{1}, Flows{1}}});
        batch.observed += batch.transfers.back().volume;
    }
    return batch;
}

// Moves pages from the WAL into the database. Whether all of them could be moved.
bool checkpoint_is_whole(const sqlite::Database& db) {
    auto checkpoint = *sqlite::Statement::prepare(db, "PRAGMA wal_checkpoint(PASSIVE)");
    EXPECT_TRUE(*checkpoint.step());
    EXPECT_GT(checkpoint.number(1), 0);
    return checkpoint.number(1) == checkpoint.number(2);
}

TEST(Walk, DoesNotHoldUpTheWal) {
    const Folder folder;
    const std::string path = folder.file("l.db");
    auto writer = *SqliteLedger::open(path, {.mode = OpenMode::create});
    for (std::uint64_t id = 1; id <= 4; ++id) ASSERT_TRUE(writer->commit(large_batch(id)));
    auto reader = *SqliteLedger::open(path, {.mode = OpenMode::read_only});
    const auto db = *sqlite::Database::open(path, SQLITE_OPEN_READWRITE);
    std::vector<std::uint64_t> visited;
    std::vector<bool> whole;
    ASSERT_TRUE(reader->each_batch([&](const StoredBatch& stored) -> Status {
        visited.push_back(stored.number);
        if (stored.number == 1) {
            EXPECT_TRUE(writer->commit(random_batch(10, 1, 5))) << "the writer does not wait";
        }
        whole.push_back(checkpoint_is_whole(db));
        return {};
    }));
    EXPECT_EQ(visited, (std::vector<std::uint64_t>{1, 2, 3, 4})) << "as of the beginning";
    EXPECT_FALSE(whole.front()) << "the reader needs the pages from before the commit";
    EXPECT_TRUE(whole.back());
}

TEST(Walk, OfARangeKnowsWhereItsFirstRunBegins) {
    const Folder folder;
    const std::string path = folder.file("l.db");
    auto ledger = *SqliteLedger::open(path, {.mode = OpenMode::create});
    for (std::uint64_t id = 1; id <= 5; ++id) ASSERT_TRUE(ledger->commit(random_batch(id, 1, 10)));
    std::vector<std::uint64_t> visited;
    ASSERT_TRUE(ledger->each_batch_in({2, 4}, [&](const StoredBatch& stored) -> Status {
        visited.push_back(stored.number);
        EXPECT_EQ(stored.damage, "");
        return {};
    }));
    EXPECT_EQ(visited, (std::vector<std::uint64_t>{3, 4}));
}

}  // namespace
}  // namespace octroi::testing
