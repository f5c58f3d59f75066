// SPDX-License-Identifier: GPL-3.0-or-later
#include "host/mapped_file.hpp"

#include <gtest/gtest.h>
#include <sys/syscall.h>
#include <unistd.h>

#include <filesystem>
#include <string>
#include <vector>

#include "support/process.hpp"

namespace {

// The files that were synced, by path.
std::vector<std::string> synced;

}  // namespace

// In place of the one of the C library, for this program.
extern "C" int fsync(int fd) {
    std::error_code error;
    const auto path = std::filesystem::read_symlink("/proc/self/fd/" + std::to_string(fd), error);
    synced.push_back(path.string());
    return static_cast<int>(::syscall(SYS_fsync, fd));
}

namespace octroi {
namespace {

// The file gets its name by a rename. After a power cut the old name could be back, and the file
// would be removed as one that was never finished.
TEST(MappedFile, TheFirstSyncKeepsTheNameToo) {
    const support::Folder folder;
    const std::string path = folder / "000001.segment";
    auto file = MappedFile::create(path, 4096, 8192);
    ASSERT_TRUE(file.has_value());
    synced.clear();
    const std::string parent = std::filesystem::path(path).parent_path();
    ASSERT_TRUE(file->sync().has_value());
    EXPECT_EQ(synced, std::vector<std::string>{parent});
    ASSERT_TRUE(file->sync().has_value());
    EXPECT_EQ(synced.size(), 1U) << "once is enough";
    MappedFile moved = *std::move(file);
    ASSERT_TRUE(moved.sync().has_value());
    EXPECT_EQ(synced.size(), 1U);
    // Moved before the first sync, as segments are.
    auto second = MappedFile::create(folder / "000002.segment", 4096, 8192);
    ASSERT_TRUE(second.has_value());
    MappedFile other = *std::move(second);
    ASSERT_TRUE(other.sync().has_value());
    EXPECT_EQ(synced.size(), 2U);
    // The name of an existing file may be new too: its process may have ended before a sync.
    auto opened = MappedFile::open(path);
    ASSERT_TRUE(opened.has_value());
    ASSERT_TRUE(opened->sync().has_value());
    EXPECT_EQ(synced.size(), 3U);
}

}  // namespace
}  // namespace octroi
