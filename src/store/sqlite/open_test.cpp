// SPDX-License-Identifier: GPL-3.0-or-later
#include <fmt/format.h>
#include <gtest/gtest.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include <array>
#include <atomic>
#include <barrier>
#include <filesystem>
#include <fstream>
#include <mutex>
#include <thread>
#include <vector>

#include "host/testing/folder.hpp"
#include "ledger/audit.hpp"
#include "ledger/testing/batches.hpp"
#include "store/sqlite/schema.hpp"
#include "store/sqlite/sqlite_ledger.hpp"

namespace octroi::testing {
namespace {

Error error_of(const std::string& path, OpenMode mode, const std::string& owner = "") {
    const auto opened = SqliteLedger::open(path, {.mode = mode, .owner = owner});
    if (!opened) return opened.error();
    return {ErrorCode::failed, "it opened"};
}

bool has(const std::string& text, std::string_view part) {
    return text.find(part) != std::string::npos;
}

TEST(Open, NamesTheMissingLedgerAndWhatToDo) {
    const Folder folder;
    for (const OpenMode mode : {OpenMode::read_only, OpenMode::read_write}) {
        const Error error = error_of(folder.file("no.db"), mode);
        EXPECT_EQ(error.code, ErrorCode::not_found);
        EXPECT_TRUE(has(error.text, folder.file("no.db")) && has(error.text, "octroi run"));
    }
    EXPECT_FALSE(std::filesystem::exists(folder.file("no.db")));
}

TEST(Open, CreatesFoldersForTheirOwnerAndGroup) {
    const Folder folder;
    const std::string path = folder.file("a/b/l.db");
    ASSERT_TRUE(SqliteLedger::open(path, {.mode = OpenMode::create}));
    for (const char* name : {"a", "a/b"}) {
        struct stat status{};
        ASSERT_EQ(stat(folder.file(name).c_str(), &status), 0);
        EXPECT_EQ(status.st_mode & 0777U, 0750U) << name;
    }
    EXPECT_TRUE(SqliteLedger::open(path, {.mode = OpenMode::read_only}));
}

TEST(Open, OthersCannotReadANewLedger) {
    const Folder folder;
    const std::string path = folder.file("l.db");
    const auto ledger = SqliteLedger::open(path, {.mode = OpenMode::create});
    ASSERT_TRUE(ledger);
    ASSERT_TRUE((*ledger)->apply({.put_accounts = {{"a", "", ""}}}, some_day));
    for (const char* end : {"", "-wal", "-shm"}) {
        struct stat status{};
        ASSERT_EQ(stat((path + end).c_str(), &status), 0);
        EXPECT_EQ(status.st_mode & 0007U, 0U) << path << end;
    }
    // An existing ledger keeps its mode.
    ASSERT_EQ(chmod(path.c_str(), 0644), 0);
    ASSERT_TRUE(SqliteLedger::open(path, {.mode = OpenMode::create}));
    struct stat status{};
    ASSERT_EQ(stat(path.c_str(), &status), 0);
    EXPECT_EQ(status.st_mode & 0777U, 0644U);
}

TEST(Open, DoesNotChangeOtherFiles) {
    const Folder folder;
    const std::string text = folder.file("text");
    std::ofstream(text) << std::string(5000, 'x');
    for (const OpenMode mode : {OpenMode::read_only, OpenMode::create}) {
        const Error error = error_of(text, mode);
        EXPECT_EQ(error.code, ErrorCode::corrupt);
        EXPECT_TRUE(has(error.text, "not a ledger") && has(error.text, text)) << error.text;
    }
    const std::string other = folder.file("other.db");
    {
        auto db = *sqlite::Database::open(other, SQLITE_OPEN_READWRITE | SQLITE_OPEN_CREATE);
        ASSERT_TRUE(db.run("CREATE TABLE t (x); PRAGMA user_version = 1"));
    }
    EXPECT_TRUE(has(error_of(other, OpenMode::create).text, "not a ledger"));
    auto db = *sqlite::Database::open(other, SQLITE_OPEN_READONLY);
    EXPECT_EQ(*db.number("SELECT count(*) FROM sqlite_schema"), 1);
    EXPECT_EQ(error_of(folder.file(""), OpenMode::read_only).code, ErrorCode::corrupt)
        << "a folder";
}

TEST(Open, RefusesALedgerOfANewerOctroi) {
    const Folder folder;
    const std::string path = folder.file("l.db");
    ASSERT_TRUE(SqliteLedger::open(path, {.mode = OpenMode::create}));
    {
        auto db = *sqlite::Database::open(path, SQLITE_OPEN_READWRITE);
        ASSERT_TRUE(db.run("PRAGMA user_version = 99"));
    }
    const Error error = error_of(path, OpenMode::create);
    EXPECT_EQ(error.code, ErrorCode::unsupported);
    EXPECT_TRUE(has(error.text, "newer") && has(error.text, "99")) << error.text;
}

TEST(Open, RefusesFormatsBeforeTheFirstRelease) {
    const Folder folder;
    const std::string path = folder.file("l.db");
    {
        auto db = *sqlite::Database::open(path, SQLITE_OPEN_READWRITE | SQLITE_OPEN_CREATE);
        ASSERT_TRUE(
            db.run("CREATE TABLE batch (x); PRAGMA application_id = 0x4F435452; "
                   "PRAGMA user_version = 3"));
    }
    for (const OpenMode mode : {OpenMode::read_only, OpenMode::read_write, OpenMode::create}) {
        const Error error = error_of(path, mode);
        EXPECT_EQ(error.code, ErrorCode::unsupported);
        EXPECT_TRUE(has(error.text, "format 3") && has(error.text, "next: ")) << error.text;
    }
}

// Format 4 had no mail addresses.
TEST(Open, MakesFormat4ToFormat5WhereItMayWrite) {
    const Folder folder;
    const std::string path = folder.file("l.db");
    DirectoryStore::Change change;
    change.put_accounts = {{"physics", "", "Physics"}};
    ASSERT_TRUE((*SqliteLedger::open(path, {.mode = OpenMode::create}))->apply(change, UtcTime{}));
    {
        auto db = *sqlite::Database::open(path, SQLITE_OPEN_READWRITE);
        ASSERT_TRUE(db.run(R"sql(
ALTER TABLE account RENAME TO other;
CREATE TABLE account (
    name    TEXT NOT NULL,
    parent  TEXT NOT NULL,
    title   TEXT NOT NULL,
    added   INTEGER NOT NULL REFERENCES directory_change,
    removed INTEGER REFERENCES directory_change,
    PRIMARY KEY (name, added)
) STRICT, WITHOUT ROWID;
INSERT INTO account SELECT name, parent, title, added, removed FROM other;
DROP TABLE other;
CREATE INDEX account_added ON account (added);
CREATE INDEX account_removed ON account (removed);
PRAGMA user_version = 4;
)sql"));
    }
    const auto format = [&] {
        auto db = *sqlite::Database::open(path, SQLITE_OPEN_READONLY);
        return *db.number("PRAGMA user_version");
    };
    {
        const auto reader = SqliteLedger::open(path, {.mode = OpenMode::read_only});
        ASSERT_TRUE(reader) << reader.error().text;
        EXPECT_EQ((*reader)->accounts().value(), change.put_accounts);
        const auto report = audit(**reader);
        ASSERT_TRUE(report) << report.error().text;
        EXPECT_TRUE(report->holds()) << report->findings.front().text;
    }
    EXPECT_EQ(format(), 4) << "who reads only changes nothing";
    {
        const auto writer = SqliteLedger::open(path, {.mode = OpenMode::read_write});
        ASSERT_TRUE(writer) << writer.error().text;
        change.put_accounts.front().email = "p@example.org";
        EXPECT_TRUE((*writer)->apply(change, UtcTime{}).value());
    }
    EXPECT_EQ(format(), 5);
    const auto reader = SqliteLedger::open(path, {.mode = OpenMode::read_only});
    ASSERT_TRUE(reader) << reader.error().text;
    EXPECT_EQ((*reader)->accounts().value(), change.put_accounts);
    const auto after = audit(**reader);
    ASSERT_TRUE(after);
    EXPECT_TRUE(after->holds()) << after->findings.front().text;
}

// Each writer has a chain. A chain goes on with the next process when its process has ended.
TEST(Writers, HaveAChainEach) {
    const Folder folder;
    const std::string path = folder.file("l.db");
    const LedgerOptions options{.mode = OpenMode::create, .node = "gate"};
    {
        auto first = *SqliteLedger::open(path, options);
        ASSERT_TRUE(first->commit(random_batch(1, 1, 10)));
        auto second = *SqliteLedger::open(path, options);
        ASSERT_TRUE(second->commit(random_batch(2, 1, 10)));
        ASSERT_TRUE(first->commit(random_batch(3, 1, 10)));
        auto other = *SqliteLedger::open(path, {.mode = OpenMode::create, .node = "core"});
        ASSERT_TRUE(other->commit(random_batch(4, 1, 10)));
    }
    auto third = *SqliteLedger::open(path, options);
    ASSERT_TRUE(third->commit(random_batch(5, 1, 10)));
    const auto report = audit(*third);
    ASSERT_TRUE(report);
    EXPECT_TRUE(report->holds());
    std::multiset<std::pair<std::string, std::uint64_t>> chains;
    for (const ChainHead& head : report->heads) chains.emplace(head.writer.node, head.sequence);
    const decltype(chains) expected{{"gate", 3}, {"gate", 1}, {"core", 1}};
    EXPECT_EQ(chains, expected);
}

// Several commands create the ledger at the same time; none may see a part of the schema.
TEST(Open, SeveralProcessesMayCreateTheSameLedger) {
    constexpr int rounds = 40;
    constexpr int openers = 4;
    const Folder folder;
    std::barrier start(openers);
    std::mutex mutex;
    std::vector<std::string> errors;
    const auto open_all = [&] {
        for (int round = 0; round < rounds; ++round) {
            start.arrive_and_wait();
            const auto ledger = SqliteLedger::open(folder.file(fmt::format("{}.db", round)),
                                                   {.mode = OpenMode::create});
            const std::lock_guard lock(mutex);
            if (!ledger) errors.push_back(ledger.error().text);
        }
    };
    {
        std::vector<std::jthread> threads;
        for (int i = 0; i < openers; ++i) threads.emplace_back(open_all);
    }
    EXPECT_EQ(errors, std::vector<std::string>{});
}

TEST(OwnerLock, ASecondOwnerIsRefusedWithTheNameOfTheFirst) {
    const Folder folder;
    const std::string path = folder.file("l.db");
    auto first = SqliteLedger::open(path, {.mode = OpenMode::create, .owner = "octroi run"});
    ASSERT_TRUE(first);
    const Error error = error_of(path, OpenMode::read_write, "octroi run");
    EXPECT_EQ(error.code, ErrorCode::conflict);
    EXPECT_TRUE(has(error.text, "octroi run, process " + std::to_string(getpid()))) << error.text;
    EXPECT_TRUE(SqliteLedger::open(path, {.mode = OpenMode::read_write})) << "writers take turns";
    first->reset();
    EXPECT_TRUE(SqliteLedger::open(path, {.mode = OpenMode::read_write, .owner = "x"}));
}

TEST(BusyTimeout, NamesTheWriter) {
    const Folder folder;
    const std::string path = folder.file("l.db");
    auto ledger = *SqliteLedger::open(
        path, {.mode = OpenMode::create, .busy_timeout = Duration::milliseconds(20)});
    // In another process, because /proc/locks lists only locks of processes.
    std::array<int, 2> ready{};
    std::array<int, 2> done{};
    ASSERT_EQ(pipe(ready.data()), 0);
    ASSERT_EQ(pipe(done.data()), 0);
    const pid_t child = fork();
    if (child == 0) {
        auto db = sqlite::Database::open(path, SQLITE_OPEN_READWRITE);
        char octet = db && db->run("BEGIN IMMEDIATE") ? '1' : '0';
        static_cast<void>(write(ready[1], &octet, 1) == 1);
        static_cast<void>(read(done[0], &octet, 1) == 1);
        _exit(0);
    }
    char octet = 0;
    ASSERT_EQ(read(ready[0], &octet, 1), 1);
    ASSERT_EQ(octet, '1');
    const Batch batch = random_batch(1, 1, 5);
    const auto refused = ledger->commit(batch);
    ASSERT_FALSE(refused);
    EXPECT_EQ(refused.error().code, ErrorCode::busy);
    EXPECT_TRUE(has(refused.error().text, path)) << refused.error().text;
    EXPECT_TRUE(has(refused.error().text, "process " + std::to_string(child)))
        << refused.error().text;
    // Readers do not wait for the writer.
    EXPECT_TRUE(ledger->sums({}));
    ASSERT_EQ(write(done[1], &octet, 1), 1);
    ASSERT_EQ(waitpid(child, nullptr, 0), child);
    EXPECT_EQ(*ledger->commit(batch), CommitOutcome::committed);
    for (const int fd : {ready[0], ready[1], done[0], done[1]}) close(fd);
}

TEST(Readers, SeeWholeBatchesAndDoNotBlockTheWriter) {
    const Folder folder;
    const std::string path = folder.file("l.db");
    auto writer = *SqliteLedger::open(
        path, {.mode = OpenMode::create, .busy_timeout = Duration::milliseconds(0)});
    std::atomic<bool> stop{false};
    std::atomic<int> reads{0};
    // Every batch contains each volume twice, so an odd sum would be a part of a batch.
    std::jthread reader([&] {
        auto ledger = *SqliteLedger::open(path, {.mode = OpenMode::read_only});
        while (!stop) {
            const auto sums = ledger->sums({});
            ASSERT_TRUE(sums) << sums.error().text;
            for (const TransferSum& sum : *sums) EXPECT_EQ(sum.volume.bytes.value() % 2, 0U);
            ++reads;
        }
    });
    std::uint64_t number = 0;
    while (number < 100 || reads < 20) {
        ++number;
        const auto outcome = writer->commit(BatchBuilder(number)
                                                .transfer(0, account("a"), outside("x"), "web", 1)
                                                .transfer(1, account("a"), outside("x"), "web", 1)
                                                .build());
        ASSERT_TRUE(outcome) << outcome.error().text;
    }
    stop = true;
}

TEST(Readers, SeeOneStateInASnapshot) {
    const Folder folder;
    const std::string path = folder.file("l.db");
    auto writer = *SqliteLedger::open(path, {.mode = OpenMode::create});
    auto reader = *SqliteLedger::open(path, {.mode = OpenMode::read_only});
    ASSERT_TRUE(writer->commit(random_batch(1, 1, 5)));
    const auto batches = [&] {
        int count = 0;
        EXPECT_TRUE(reader->each_batch([&](const StoredBatch&) -> Status {
            ++count;
            return {};
        }));
        return count;
    };
    const Status status = reader->snapshot([&]() -> Status {
        EXPECT_EQ(batches(), 1);
        EXPECT_TRUE(writer->commit(random_batch(2, 1, 5)));
        EXPECT_EQ(batches(), 1);
        return {};
    });
    EXPECT_TRUE(status);
    EXPECT_EQ(batches(), 2);
}

TEST(ReadOnly, RefusesToWrite) {
    const Folder folder;
    const std::string path = folder.file("l.db");
    auto writer = *SqliteLedger::open(path, {.mode = OpenMode::create});
    auto reader = *SqliteLedger::open(path, {.mode = OpenMode::read_only});
    EXPECT_EQ(reader->commit(random_batch(1, 1, 5)).error().code, ErrorCode::permission);
    EXPECT_EQ(reader->apply({.put_accounts = {{"a", "", ""}}}, some_day).error().code,
              ErrorCode::permission);
}

}  // namespace
}  // namespace octroi::testing
