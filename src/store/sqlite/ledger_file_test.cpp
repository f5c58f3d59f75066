// SPDX-License-Identifier: GPL-3.0-or-later
#include "store/sqlite/ledger_file.hpp"

#include <grp.h>
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

// What a user of the ledger's group reads, in another process. As read_from_read_only_media().
int read_as_member(const std::string& path, gid_t group, std::uint64_t bytes) {
    constexpr uid_t nobody = 65534;
    if (setgroups(0, nullptr) != 0 || setgid(group) != 0 || setuid(nobody) != 0) return 77;
    const auto ledger = SqliteLedger::open(path, {.mode = OpenMode::read_only});
    if (!ledger) return 1;
    const auto sums = (*ledger)->sums({});
    if (!sums || sums->size() != 1 || sums->front().volume.bytes.value() != bytes) return 2;
    // As `sqlite3 FILE` opens it: for writing, if that is permitted.
    const auto plain = sqlite::Database::open(path, SQLITE_OPEN_READWRITE);
    if (!plain) return 3;
    const auto batches = plain->number("SELECT count(*) FROM batch");
    if (!batches || *batches != 1) return 4;
    return plain->run("DELETE FROM batch") ? 5 : 0;
}

// docs/operating.md, "Reading the ledger as another user".
TEST(LedgerFile, IsReadByItsGroupWhileItIsWritten) {
    if (geteuid() != 0) GTEST_SKIP() << "needs root, to become another user";
    constexpr gid_t group = 65533;
    const Folder folder;
    const std::string place = folder.file("ledgers");
    ASSERT_EQ(chmod(folder.file(".").c_str(), 0755), 0);
    const std::string path = place + "/ledger.db";
    const mode_t before = umask(022);
    auto ledger = SqliteLedger::open(path, {.mode = OpenMode::create});
    umask(before);
    ASSERT_TRUE(ledger);
    for (const std::string& each : {place, path})
        ASSERT_EQ(chown(each.c_str(), static_cast<uid_t>(-1), group), 0);
    ASSERT_EQ(chmod(place.c_str(), 02750), 0);
    // Made again with the group, as at the next start of the daemon.
    ledger->reset();
    ledger = SqliteLedger::open(path, {.mode = OpenMode::create});
    ASSERT_TRUE(ledger);
    ASSERT_TRUE((*ledger)->commit(
        BatchBuilder(1).transfer(0, account("a"), outside("x"), "web", 1000).build()));
    const pid_t child = fork();
    if (child == 0) _exit(read_as_member(path, group, 1000));
    int status = -1;
    ASSERT_EQ(waitpid(child, &status, 0), child);
    ASSERT_TRUE(WIFEXITED(status));
    EXPECT_EQ(WEXITSTATUS(status), 0);
}

}  // namespace
}  // namespace octroi::testing
