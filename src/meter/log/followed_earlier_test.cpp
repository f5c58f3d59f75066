// SPDX-License-Identifier: GPL-3.0-or-later
// Earlier files that are many, that were never seen, that grow, or that cannot be read.
#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <sys/resource.h>

#include <algorithm>
#include <filesystem>
#include <string>
#include <vector>

#include "meter/log/testing/followed_log_test.hpp"

namespace octroi::logs {
namespace {

using ::testing::ElementsAre;
using ::testing::IsEmpty;
using ::testing::SizeIs;
namespace fs = std::filesystem;

class EarlierFiles : public testing::FollowedLogTest {
protected:
    static std::string dated(int number) {
        return "access.log-" + std::to_string(20260000 + number);
    }
    // One call, which may leave lines.
    Result<bool> read_once(std::vector<std::string>& lines, std::size_t octets) {
        testing::Collected collected;
        uptime_ = uptime_ + Duration::seconds(1);
        auto more =
            log_->read(collected, stream_, {UtcTime::from_seconds(clock_), uptime_}, octets);
        lines = std::move(collected.lines);
        return more;
    }
};

TEST_F(EarlierFiles, AreRememberedForLong) {
    for (int i = 1; i <= 9; ++i) {
        append("access.log", std::to_string(i) + "\n");
        EXPECT_THAT(poll(), ElementsAre(std::to_string(i)));
        rename("access.log", dated(i));
        append("access.log", "");
        EXPECT_THAT(poll(), IsEmpty());
        pass(Duration::hours(25));
        EXPECT_THAT(poll(), IsEmpty());
    }
    EXPECT_THAT(log_->state().finished, SizeIs(9 - FollowedLog::finished_max));
    restart();
    EXPECT_THAT(poll(), IsEmpty());
    touch(dated(1));
    append("access.log", "10\n");
    rename("access.log", dated(10));
    append("access.log", "11\n");
    EXPECT_THAT(poll(), ElementsAre("10", "11")) << "the oldest one has another time";
    EXPECT_THAT(log_->drain_losses(), IsEmpty());
}

// A server wrote to it after it was finished, and it was compressed before the next look at it.
TEST_F(EarlierFiles, ThatGrewBeforeTheyWereCompressedAreReadOn) {
    append("access.log", "1\n");
    EXPECT_THAT(poll(), ElementsAre("1"));
    rename("access.log", "access.log.1");
    append("access.log", "2\n");
    EXPECT_THAT(poll(), ElementsAre("2"));
    pass(Duration::minutes(11));
    EXPECT_THAT(poll(), IsEmpty());
    ASSERT_TRUE(log_->state().earlier.at(0).finished);
    append("access.log.1", "late\n");
    compress("access.log.1");
    pass(Duration::minutes(11));
    EXPECT_THAT(poll(), ElementsAre("late"));
    pass(Duration::minutes(11));
    restart();
    EXPECT_THAT(poll(), IsEmpty());
    EXPECT_THAT(log_->drain_losses(), IsEmpty());
}

TEST_F(EarlierFiles, ThatWereNeverSeenAreReadSomeAtATime) {
    append("access.log", "0\n");
    EXPECT_THAT(poll(), ElementsAre("0"));
    constexpr int files = 150;
    std::vector<std::string> expected;
    for (int i = 1; i <= files; ++i) {
        expected.push_back("line " + std::to_string(1000 + i));
        append("access.log", expected.back() + "\n");
        rename("access.log", dated(i));
        if (i % 3 == 0) compress(dated(i));
    }
    expected.emplace_back("line 2000");
    append("access.log", "line 2000\n");
    restart();
    std::vector<std::string> lines;
    for (int i = 0; i < 6; ++i) {
        for (std::string& line : poll()) lines.push_back(std::move(line));
        EXPECT_LE(log_->state().earlier.size(),
                  FollowedLog::unread_max + FollowedLog::finished_max + 1);
        EXPECT_TRUE(i > 0 || lines.size() < expected.size()) << "not all in the first pass";
        if (i == 1) restart();
        pass(Duration::minutes(11));
    }
    std::ranges::sort(lines);
    EXPECT_EQ(lines, expected);
    EXPECT_THAT(log_->drain_losses(), IsEmpty());
}

TEST_F(EarlierFiles, ThatAreWantedAndManyAreReadToo) {
    constexpr int files = 100;
    for (int i = 1; i <= files; ++i) append(dated(i), std::to_string(i) + "\n");
    append("access.log", "0\n");
    wants_all_ = true;
    std::vector<std::string> lines = poll();
    EXPECT_LT(lines.size(), std::size_t{files});
    for (int i = 0; i < 4; ++i) {
        pass(Duration::minutes(11));
        for (std::string& line : poll()) lines.push_back(std::move(line));
    }
    std::ranges::sort(lines);
    EXPECT_EQ(std::ranges::unique(lines).size(), 0U);
    EXPECT_THAT(lines, SizeIs(files + 1));
}

TEST_F(EarlierFiles, ThatCannotBeReadAreTriedAgain) {
    append("access.log", "1\n");
    EXPECT_THAT(poll(), ElementsAre("1"));
    append("access.log", "2\n");
    rename("access.log", dated(1));
    append("access.log", "3\n");
    rename("access.log", dated(2));
    append("access.log", "4\n");
    rename("access.log", dated(3));
    append("access.log", "5\n");
    unanswered_ = folder_.file(dated(2));
    restart();
    EXPECT_THAT(poll(), ElementsAre("2", "4", "5"));
    restart();
    EXPECT_THAT(poll(), IsEmpty());
    unanswered_.clear();
    pass(Duration::minutes(2));
    EXPECT_THAT(poll(), ElementsAre("3"));
    EXPECT_THAT(log_->drain_losses(), IsEmpty());
}

TEST_F(EarlierFiles, ThatCannotBeReadForADayAreALoss) {
    append("access.log", "1\n");
    EXPECT_THAT(poll(), ElementsAre("1"));
    rename("access.log", dated(1));
    append("access.log", "2\n");
    rename("access.log", dated(2));
    append("access.log", "3\n");
    unanswered_ = folder_.file(dated(2));
    restart();
    EXPECT_THAT(poll(), ElementsAre("3"));
    EXPECT_THAT(log_->drain_losses(), IsEmpty());
    pass(Duration::hours(25));
    EXPECT_THAT(poll(), IsEmpty());
    EXPECT_THAT(log_->drain_losses(), SizeIs(1));
    unanswered_.clear();
    pass(Duration::hours(25));
    EXPECT_THAT(poll(), IsEmpty()) << "its loss is in the ledger";
    EXPECT_THAT(log_->drain_losses(), IsEmpty());
}

TEST_F(EarlierFiles, ThatCannotBeReadNowAreNoLoss) {
    append("access.log", "1\n");
    EXPECT_THAT(poll(), ElementsAre("1"));
    append("access.log", "2\n");
    rename("access.log", "access.log.1");
    append("access.log", "3\n");
    rlimit before{};
    ASSERT_EQ(getrlimit(RLIMIT_NOFILE, &before), 0);
    rlimit none = before;
    none.rlim_cur = 0;
    ASSERT_EQ(setrlimit(RLIMIT_NOFILE, &none), 0);
    std::vector<std::string> lines;
    const auto failed = read_once(lines, 1U << 20U);
    ASSERT_EQ(setrlimit(RLIMIT_NOFILE, &before), 0);
    EXPECT_FALSE(failed) << "no descriptor for the present file";
    EXPECT_THAT(lines, IsEmpty());
    EXPECT_THAT(poll(), ElementsAre("2", "3"));
    EXPECT_THAT(log_->drain_losses(), IsEmpty());
}

TEST_F(EarlierFiles, ThatAreGoneBeforeTheirEndAreALoss) {
    append("access.log", "1\n");
    EXPECT_THAT(poll(), ElementsAre("1"));
    append("access.log", "2\n3\n4\n5\n");
    rename("access.log", "access.log.1");
    append("access.log", "6\n");
    std::vector<std::string> lines;
    EXPECT_TRUE(read_once(lines, 3).value());
    EXPECT_THAT(lines, ElementsAre("2", "3"));
    fs::remove(folder_.file("access.log.1"));
    restart();
    EXPECT_THAT(poll(), ElementsAre("6"));
    EXPECT_THAT(log_->drain_losses(), SizeIs(1));
}

TEST_F(EarlierFiles, ThatGrowAfterTheirEndAreReadOn) {
    append("access.log", "1\n");
    EXPECT_THAT(poll(), ElementsAre("1"));
    rename("access.log", "access.log.1");
    append("access.log", "2\n");
    EXPECT_THAT(poll(), ElementsAre("2"));
    pass(Duration::minutes(11));
    EXPECT_THAT(poll(), IsEmpty());
    append("access.log.1", "3\n");
    rename("access.log.1", "access.log.2");
    rename("access.log", "access.log.1");
    append("access.log", "4\n");
    restart();
    EXPECT_THAT(poll(), ElementsAre("3", "4"));
    EXPECT_THAT(log_->drain_losses(), IsEmpty());
}

// Without the answer, lines that were imported would count twice.
TEST_F(EarlierFiles, TheFirstStartWaitsForTheImportedPart) {
    append("access.log", "1\n2\n3\n");
    unanswered_ = imported_ = folder_.file("access.log");
    std::vector<std::string> lines;
    EXPECT_FALSE(read_once(lines, 1U << 20U));
    EXPECT_FALSE(log_->is_begun());
    EXPECT_THAT(lines, IsEmpty());
    unanswered_.clear();
    EXPECT_THAT(poll(), ElementsAre("3"));
    EXPECT_TRUE(log_->is_begun());
}

}  // namespace
}  // namespace octroi::logs
