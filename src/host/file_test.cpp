// SPDX-License-Identifier: GPL-3.0-or-later
#include "host/file.hpp"

#include <gtest/gtest.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include <csignal>
#include <filesystem>
#include <fstream>

#include "host/stop.hpp"

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

// In a child process: the handlers of a stop are of a whole process.
TEST_F(FileTest, AStopEndsTheWaitForTheWriterOfAFifo) {
    ASSERT_EQ(::mkfifo(path("fifo").c_str(), 0600), 0);
    const pid_t child = ::fork();
    if (child == 0) {
        catch_stop_signals();
        const auto opened = File::open(path("fifo"));
        ::_exit(!opened && opened.error().code == ErrorCode::interrupted ? 0 : 1);
    }
    int status = 0;
    // SIGTERM, again and again: the child may not wait yet when the first one comes.
    for (pid_t ended = 0; ended == 0; ended = ::waitpid(child, &status, WNOHANG)) {
        ::usleep(20'000);
        ::kill(child, SIGTERM);
    }
    EXPECT_TRUE(WIFEXITED(status));
    EXPECT_EQ(WEXITSTATUS(status), 0);
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
