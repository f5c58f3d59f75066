// SPDX-License-Identifier: GPL-3.0-or-later
#include "host/command.hpp"

#include <gtest/gtest.h>

#include <chrono>
#include <vector>

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
    const auto slow = run({"tail", "-f", "/dev/null"}, {.time = Duration::seconds(1)});
    ASSERT_FALSE(slow.has_value());
    EXPECT_TRUE(slow.error().text.contains("within 1 s")) << slow.error().text;
    EXPECT_LT(std::chrono::steady_clock::now() - begin, std::chrono::seconds(8));
}

}  // namespace
}  // namespace octroi
