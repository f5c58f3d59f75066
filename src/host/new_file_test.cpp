// SPDX-License-Identifier: GPL-3.0-or-later
#include "host/new_file.hpp"

#include <gtest/gtest.h>
#include <sys/stat.h>

#include <fstream>

#include "host/testing/folder.hpp"

namespace octroi {
namespace {

class NewFileTest : public ::testing::Test {
protected:
    void write(const std::string& path) { std::ofstream(path) << "content"; }
    [[nodiscard]] bool is_there(const std::string& path) const {
        return std::filesystem::exists(path);
    }

    testing::Folder folder_;
    const std::string path_ = folder_.file("x");
    const std::string partial_ = path_ + ".partial";
};

TEST_F(NewFileTest, HasItsNameOnlyWhenItIsComplete) {
    const mode_t before = ::umask(0077);
    auto file = NewFile::create(path_);
    ::umask(before);
    ASSERT_TRUE(file) << file.error().text;
    EXPECT_EQ(file->partial_path(), partial_);
    write(partial_);
    EXPECT_TRUE(file->sync());
    EXPECT_FALSE(is_there(path_));
    ASSERT_TRUE(file->commit());
    EXPECT_FALSE(is_there(partial_));
    EXPECT_EQ(read_file(path_, 100).value(), "content");
    struct stat status{};
    ASSERT_EQ(::stat(path_.c_str(), &status), 0);
    EXPECT_EQ(status.st_mode & 0777U, 0640U);
}

TEST_F(NewFileTest, IsRemovedUnlessItIsComplete) {
    {
        auto file = NewFile::create(path_);
        ASSERT_TRUE(file);
        const NewFile moved = std::move(*file);
        EXPECT_TRUE(is_there(partial_));
    }
    EXPECT_FALSE(is_there(partial_));
    EXPECT_FALSE(is_there(path_));
}

TEST_F(NewFileTest, OverwritesNothing) {
    write(path_);
    EXPECT_EQ(NewFile::create(path_).error().code, ErrorCode::exists);
    std::filesystem::remove(path_);
    auto file = NewFile::create(path_);
    ASSERT_TRUE(file);
    EXPECT_EQ(NewFile::create(path_).error().code, ErrorCode::exists);
    write(path_);  // by another process, meanwhile
    EXPECT_EQ(file->commit().error().code, ErrorCode::exists);
    EXPECT_EQ(read_file(path_, 100).value(), "content");
}

TEST_F(NewFileTest, NamesTheFolderThatIsNotThere) {
    const auto file = NewFile::create(folder_.file("gone/x"));
    ASSERT_FALSE(file);
    EXPECT_EQ(file.error().code, ErrorCode::not_found);
    EXPECT_NE(file.error().text.find("gone/x"), std::string::npos);
}

}  // namespace
}  // namespace octroi
