// SPDX-License-Identifier: GPL-3.0-or-later
#include "host/rooted_files.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <sys/stat.h>

#include <filesystem>
#include <fstream>

#include "host/testing/folder.hpp"

namespace octroi {
namespace {

namespace fs = std::filesystem;

class RootedFilesTest : public ::testing::Test {
protected:
    RootedFilesTest() {
        fs::create_directories(folder_.file("etc/conf.d"));
        std::ofstream(folder_.file("etc/conf.d/b.conf")) << "content of b";
        fs::create_symlink("/etc/conf.d/b.conf", folder_.file("etc/conf.d/a.conf"));
        fs::create_symlink("../../../../../../etc/passwd", folder_.file("etc/outside"));
    }
    const testing::Folder folder_;
    const RootedFiles files_{folder_.file("") + "/"};
};

TEST_F(RootedFilesTest, PathsAreThoseOfTheSystem) {
    EXPECT_THAT(files_.matching("/etc/conf.d/*.conf"),
                ::testing::ElementsAre("/etc/conf.d/a.conf", "/etc/conf.d/b.conf"));
    EXPECT_EQ(files_.read("/etc/conf.d/b.conf", 100).value(), "content of b");
    EXPECT_TRUE(files_.exists("/etc/conf.d"));
    EXPECT_FALSE(files_.exists("/etc/conf.d/c.conf"));
    EXPECT_EQ(files_.read("/absent", 100).error().code, ErrorCode::not_found);
}

TEST_F(RootedFilesTest, TheRootIsAFolder) {
    EXPECT_TRUE(files_.check_root());
    EXPECT_TRUE(RootedFiles().check_root());
    EXPECT_EQ(RootedFiles(folder_.file("absent")).check_root().error().code, ErrorCode::not_found);
    EXPECT_FALSE(RootedFiles(folder_.file("etc/conf.d/b.conf")).check_root());
}

TEST_F(RootedFilesTest, LinksStayBelowTheRoot) {
    EXPECT_EQ(files_.read("/etc/conf.d/a.conf", 100).value(), "content of b") << "an absolute link";
    EXPECT_FALSE(files_.read("/etc/outside", 1U << 20U)) << "of this machine, not of the root";
}

TEST_F(RootedFilesTest, ReadsAreBoundedAndDoNotBlock) {
    EXPECT_EQ(files_.read("/etc/conf.d/b.conf", 12).value(), "content of b");
    EXPECT_EQ(files_.read("/etc/conf.d/b.conf", 11).error().code, ErrorCode::over_limit);
    EXPECT_EQ(files_.read_begin("/etc/conf.d/b.conf", 7).value(), "content");
    EXPECT_EQ(files_.read_begin("/etc/conf.d/b.conf", 700).value(), "content of b");
    ASSERT_EQ(::mkfifo(folder_.file("fifo").c_str(), 0600), 0);
    EXPECT_EQ(files_.read("/fifo", 10).error().code, ErrorCode::failed);
    EXPECT_EQ(files_.read("/etc", 10).error().code, ErrorCode::failed);
}

TEST(RootedFiles, OfThisMachineAreItsOwn) {
    const testing::Folder folder;
    std::ofstream(folder.file("x")) << "y";
    EXPECT_EQ(RootedFiles().read(folder.file("x"), 10).value(), "y");
    EXPECT_EQ(RootedFiles("/").matching(folder.file("*")).size(), 1U);
}

}  // namespace
}  // namespace octroi
