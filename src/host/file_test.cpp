// SPDX-License-Identifier: GPL-3.0-or-later
#include "host/file.hpp"

#include <gtest/gtest.h>

#include <filesystem>
#include <fstream>

namespace octroi {
namespace {

class FileTest : public testing::Test {
protected:
    FileTest()
        : folder_(std::filesystem::temp_directory_path() /
                  ("octroi-file-test-" + std::to_string(::getpid()))) {
        std::filesystem::create_directories(folder_);
    }
    ~FileTest() override { std::filesystem::remove_all(folder_); }
    [[nodiscard]] std::string path(const char* name) const { return (folder_ / name).string(); }
    const std::filesystem::path folder_;
};

TEST_F(FileTest, ReplacesAFileAsAWhole) {
    ASSERT_TRUE(replace_file(path("state"), "first").has_value());
    ASSERT_TRUE(replace_file(path("state"), "second").has_value());
    EXPECT_EQ(*read_file(path("state"), 100), "second");
    EXPECT_EQ(std::distance(std::filesystem::directory_iterator(folder_), {}), 1);
}

TEST_F(FileTest, ErrorsNameTheFileAndTheReason) {
    const auto missing = File::open(path("missing"));
    ASSERT_FALSE(missing.has_value());
    EXPECT_EQ(missing.error().code, ErrorCode::not_found);
    EXPECT_NE(missing.error().text.find("missing: No such file"), std::string::npos);
    EXPECT_EQ(File::open(folder_.string()).error().code, ErrorCode::failed);
    EXPECT_FALSE(replace_file(path("no/such/folder"), "x").has_value());
    ASSERT_TRUE(replace_file(path("large"), std::string(1000, 'x')).has_value());
    EXPECT_EQ(read_file(path("large"), 999).error().code, ErrorCode::over_limit);
}

TEST_F(FileTest, SeeksAndKnowsItsIdentity) {
    ASSERT_TRUE(replace_file(path("f"), "0123456789").has_value());
    const auto file = File::open(path("f"));
    ASSERT_TRUE(file.has_value());
    EXPECT_EQ((*file)->status()->size, 10U);
    ASSERT_TRUE((*file)->seek(8).has_value());
    std::array<std::byte, 16> block{};
    EXPECT_EQ(*(*file)->read(block), 2U);
    EXPECT_EQ(block[0], std::byte{'8'});
}

}  // namespace
}  // namespace octroi
