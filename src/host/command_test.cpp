// SPDX-License-Identifier: GPL-3.0-or-later
#include "host/command.hpp"

#include <gtest/gtest.h>
#include <poll.h>

#include <chrono>
#include <filesystem>
#include <string>
#include <vector>

#include "host/testing/folder.hpp"

namespace octroi {
namespace {

Result<std::string> run(std::vector<std::string> arguments, const CommandLimits& limits = {}) {
    return run_command(arguments, limits);
}

TEST(RunCommand, ReturnsWhatTheProgramPrints) {
    EXPECT_EQ(run({"printf", "%s", "a b"}), "a b");
    EXPECT_EQ(run({"cat"}), "") << "its input is empty";
}

TEST(RunCommand, FailuresSayWhatAndWhatNext) {
    const auto absent = run({"octroi-no-such-program"});
    ASSERT_FALSE(absent.has_value());
    EXPECT_EQ(absent.error().code, ErrorCode::not_found);
    EXPECT_TRUE(absent.error().text.contains("next: install it")) << absent.error().text;
    const auto failed = run({"sh", "-c", "echo no such table >&2; exit 3"});
    ASSERT_FALSE(failed.has_value());
    EXPECT_TRUE(failed.error().text.contains("no such table")) << failed.error().text;
}

TEST(RunCommand, HasLimits) {
    const auto endless = run({"yes"}, {.octets = 1000});
    ASSERT_FALSE(endless.has_value());
    EXPECT_EQ(endless.error().code, ErrorCode::over_limit);
    const auto begin = std::chrono::steady_clock::now();
    const auto noisy = run({"sh", "-c", "yes >&2"}, {.time = Duration::seconds(1)});
    ASSERT_FALSE(noisy.has_value());
    EXPECT_TRUE(noisy.error().text.contains("within 1 s")) << noisy.error().text;
    const auto slow = run({"tail", "-f", "/dev/null"}, {.time = Duration::seconds(1)});
    ASSERT_FALSE(slow.has_value());
    EXPECT_TRUE(slow.error().text.contains("within 1 s")) << slow.error().text;
    EXPECT_LT(std::chrono::steady_clock::now() - begin, std::chrono::seconds(8));
}

// It closes its output and runs on, or leaves a program behind that has the output.
TEST(RunCommand, KillsWhatRunsAfterTheLimit) {
    const testing::Folder folder;
    const auto begin = std::chrono::steady_clock::now();
    const auto silent =
        run({"sh", "-c", "exec >&- 2>&-; sleep 60"}, {.time = Duration::seconds(1)});
    ASSERT_FALSE(silent.has_value());
    EXPECT_TRUE(silent.error().text.contains("within 1 s")) << silent.error().text;
    const std::string file = folder.file("late");
    const auto left =
        run({"sh", "-c", "(sleep 3; touch " + file + ") & exit 0"}, {.time = Duration::seconds(1)});
    ASSERT_FALSE(left.has_value());
    EXPECT_LT(std::chrono::steady_clock::now() - begin, std::chrono::seconds(8));
    ::poll(nullptr, 0, 3000);
    EXPECT_FALSE(std::filesystem::exists(file)) << "what it has started is killed too";
}

}  // namespace
}  // namespace octroi
