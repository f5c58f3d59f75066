// SPDX-License-Identifier: GPL-3.0-or-later
#include "host/edited_file.hpp"

#include <gtest/gtest.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include <algorithm>
#include <filesystem>
#include <fstream>
#include <vector>

#include "host/testing/folder.hpp"

namespace octroi {
namespace {

constexpr std::size_t limit = 1U << 20U;
constexpr Duration patience = Duration::seconds(30);

class EditedFileTest : public ::testing::Test {
protected:
    [[nodiscard]] std::string path() const { return folder_.file("octroi.toml"); }
    [[nodiscard]] EditedFile open() const {
        auto file = EditedFile::open(path(), patience);
        EXPECT_TRUE(file.has_value()) << file.error().text;
        return *std::move(file);
    }
    void write(const std::string& text) const { std::ofstream(path()) << text; }
    [[nodiscard]] std::string content() const { return read_file(path(), limit).value_or("?"); }
    [[nodiscard]] struct stat status() const {
        struct stat status{};
        EXPECT_EQ(::stat(path().c_str(), &status), 0);
        return status;
    }
    testing::Folder folder_;
};

// Appends a line, as a process of its own. Returns its process number.
pid_t append_line(const std::string& path, int line) {
    const pid_t child = ::fork();
    if (child != 0) return child;
    const auto file = EditedFile::open(path, patience);
    const auto before = file ? file->read(limit) : fail(ErrorCode::failed, "");
    const bool good =
        before && file->replace(*before, *before + std::to_string(line) + "\n").has_value();
    ::_exit(good ? 0 : 1);
}

TEST_F(EditedFileTest, ProcessesThatChangeItAtOnceLoseNoChange) {
    constexpr int processes = 20;
    std::vector<pid_t> children;
    for (int i = 0; i < processes; ++i) children.push_back(append_line(path(), i));
    for (const pid_t child : children) {
        int status = -1;
        ::waitpid(child, &status, 0);
        EXPECT_EQ(status, 0);
    }
    const std::string text = content();
    EXPECT_EQ(std::count(text.begin(), text.end(), '\n'), processes) << text;
    for (int i = 0; i < processes; ++i)
        EXPECT_TRUE(("\n" + text).contains("\n" + std::to_string(i) + "\n")) << i;
}

TEST_F(EditedFileTest, KeepsModeAndOwner) {
    write("a");
    ASSERT_EQ(::chmod(path().c_str(), 0604), 0);
    const bool is_root = ::geteuid() == 0;
    if (is_root) {
        ASSERT_EQ(::chown(path().c_str(), 1234, 2345), 0);
    }
    ASSERT_TRUE(open().replace("a", "b").has_value());
    EXPECT_EQ(content(), "b");
    EXPECT_EQ(status().st_mode & 07777U, 0604U);
    if (is_root) {
        EXPECT_EQ(status().st_uid, 1234U);
        EXPECT_EQ(status().st_gid, 2345U);
    }
}

TEST_F(EditedFileTest, ANewFileIsNotReadableByAll) {
    EXPECT_EQ(open().read(limit).value_or("?"), "");
    ASSERT_TRUE(open().replace("", "b").has_value());
    EXPECT_EQ(status().st_mode & 07777U, 0640U);
}

TEST_F(EditedFileTest, AChangeByAProgramWithoutTheLockIsNotOverwritten) {
    write("a");
    const EditedFile file = open();
    const std::string before = *file.read(limit);
    write("from an editor");
    const Status replaced = file.replace(before, "b");
    ASSERT_FALSE(replaced.has_value());
    EXPECT_EQ(replaced.error().code, ErrorCode::conflict);
    EXPECT_EQ(content(), "from an editor");
}

TEST_F(EditedFileTest, ALinkStaysOne) {
    std::filesystem::create_directory(folder_.file("real"));
    std::ofstream(folder_.file("real/file")) << "a";
    std::filesystem::create_symlink(folder_.file("real/file"), path());
    ASSERT_TRUE(open().replace("a", "b").has_value());
    EXPECT_TRUE(std::filesystem::is_symlink(path()));
    EXPECT_EQ(content(), "b");
}

TEST_F(EditedFileTest, WaitsForTheOtherCommandNoLongerThanItIsPermitted) {
    const EditedFile first = open();
    const auto second = EditedFile::open(path(), Duration::milliseconds(50));
    ASSERT_FALSE(second.has_value());
    EXPECT_EQ(second.error().code, ErrorCode::busy);
}

TEST_F(EditedFileTest, AFileThatCannotBeWrittenStaysAsItWas) {
    write("a");
    const EditedFile file = open();
    std::filesystem::create_directory(path() + ".new");
    EXPECT_FALSE(file.replace("a", "b").has_value());
    EXPECT_EQ(content(), "a");
}

}  // namespace
}  // namespace octroi
