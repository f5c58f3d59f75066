// SPDX-License-Identifier: GPL-3.0-or-later
#include "store/sqlite/ledger_file.hpp"

#include <gtest/gtest.h>
#include <sys/mount.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include <sched.h>
#include <filesystem>
#include <fstream>

#include "host/testing/folder.hpp"
#include "ledger/testing/batches.hpp"
#include "store/sqlite/sqlite_ledger.hpp"

namespace octroi::testing {
namespace {

Error refusal(const std::string& path, OpenMode mode) {
    const auto opened = SqliteLedger::open(path, {.mode = mode});
    return opened ? Error{ErrorCode::failed, "it opened"} : opened.error();
}

// A FIFO made SQLite wait for a writer for ever.
TEST(LedgerFile, NamesWhatIsNoFile) {
    const Folder folder;
    ASSERT_EQ(mkfifo(folder.file("fifo").c_str(), 0600), 0);
    std::ofstream(folder.file("empty")).close();
    for (const OpenMode mode : {OpenMode::read_only, OpenMode::read_write, OpenMode::create}) {
        EXPECT_NE(refusal(folder.file("fifo"), mode).text.find("is a FIFO, not a ledger"),
                  std::string::npos);
        EXPECT_NE(refusal("/dev/null", mode).text.find("/dev/null is a device, not a ledger"),
                  std::string::npos);
        EXPECT_EQ(refusal("/dev/null", mode).code, ErrorCode::corrupt);
    }
    for (const OpenMode mode : {OpenMode::read_only, OpenMode::read_write})
        EXPECT_NE(refusal(folder.file("empty"), mode).text.find("is an empty file, not a ledger"),
                  std::string::npos);
    EXPECT_TRUE(SqliteLedger::open(folder.file("empty"), {.mode = OpenMode::create}));
    EXPECT_TRUE(SqliteLedger::open(folder.file("empty"), {.mode = OpenMode::read_only}));
}

// What a ledger on a file system that is mounted read-only answers, in another process with mounts
// of its own. The status: 0 right, 77 the kernel permits no mounts here, else the line that failed.
int read_from_read_only_media(const std::string& folder, std::uint64_t bytes) {
    if (unshare(CLONE_NEWNS) != 0) return 77;
    if (mount("none", "/", nullptr, MS_REC | MS_PRIVATE, nullptr) != 0) return 77;
    if (mount(folder.c_str(), folder.c_str(), nullptr, MS_BIND, nullptr) != 0) return 77;
    if (mount("none", folder.c_str(), nullptr, MS_BIND | MS_REMOUNT | MS_RDONLY, nullptr) != 0)
        return 77;
    const auto ledger = SqliteLedger::open(folder + "/a b.db", {.mode = OpenMode::read_only});
    if (!ledger) return 1;
    const auto sums = (*ledger)->sums({});
    if (!sums) return 2;
    std::uint64_t sum = 0;
    for (const TransferSum& each : *sums) sum += each.volume.bytes.value();
    return sum == bytes ? 0 : 3;
}

int status_of_child(const std::string& folder, std::uint64_t bytes) {
    const pid_t child = fork();
    if (child == 0) _exit(read_from_read_only_media(folder, bytes));
    int status = -1;
    if (waitpid(child, &status, 0) != child || !WIFEXITED(status)) return -1;
    return WEXITSTATUS(status);
}

TEST(LedgerFile, IsReadFromReadOnlyMedia) {
    const Folder folder;
    const std::string path = folder.file("a b.db");
    const auto batch = [](std::uint64_t number) {
        return BatchBuilder(number).transfer(0, account("a"), outside("x"), "web", 1000).build();
    };
    {
        const auto ledger = *SqliteLedger::open(path, {.mode = OpenMode::create});
        ASSERT_TRUE(ledger->commit(batch(1)));
    }
    ASSERT_FALSE(std::filesystem::exists(path + "-wal"));
    const int clean = status_of_child(folder.file("."), 1000);
    if (clean == 77) GTEST_SKIP() << "needs the right to mount (root)";
    EXPECT_EQ(clean, 0);
    // A copy of a ledger in use: the newest commits are in its log.
    const auto ledger = *SqliteLedger::open(path, {.mode = OpenMode::create});
    ASSERT_TRUE(ledger->commit(batch(2)));
    const Folder copy;
    for (const char* end : {"", "-wal"})
        std::filesystem::copy_file(path + end, copy.file("a b.db") + end);
    EXPECT_EQ(status_of_child(copy.file("."), 2000), 0);
}

}  // namespace
}  // namespace octroi::testing
