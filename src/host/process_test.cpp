// SPDX-License-Identifier: GPL-3.0-or-later
#include "host/process.hpp"

#include <gtest/gtest.h>
#include <unistd.h>

#include "host/clock.hpp"
#include "host/file.hpp"

namespace octroi {
namespace {

TEST(Process, FiguresAreThoseOfThisProcess) {
    const auto before = process_figures();
    ASSERT_TRUE(before.has_value()) << before.error().text;
    const auto now = static_cast<std::uint64_t>(SystemClock().now().ns / 1'000'000'000);
    EXPECT_LE(before->start_time_s, now + 1);
    EXPECT_GE(before->start_time_s + 3600, now);  // no test runs that long
    EXPECT_GT(before->resident_octets, 1U << 20U);
    EXPECT_LT(before->resident_octets, 1ULL << 34U);
    const Fd more(::dup(STDIN_FILENO));
    const auto after = process_figures();
    ASSERT_TRUE(after.has_value());
    EXPECT_EQ(after->open_files, before->open_files + 1);
}

TEST(Process, CountsItsProcessorTime) {
    const auto before = process_figures();
    ASSERT_TRUE(before.has_value());
    volatile unsigned work = 0;
    Result<ProcessFigures> after = before;
    while (after.has_value() && after->cpu_time_s == before->cpu_time_s) {
        for (unsigned i = 0; i < 10'000'000; ++i) work = work + i;
        after = process_figures();
    }
    EXPECT_EQ(after->cpu_time_s, before->cpu_time_s + 1);
}

}  // namespace
}  // namespace octroi
