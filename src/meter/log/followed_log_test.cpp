// SPDX-License-Identifier: GPL-3.0-or-later
// Numbered lines, over every kind of rotation, with a restart between any two steps.
#include "meter/log/followed_log.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <cstdlib>
#include <filesystem>
#include <random>
#include <string>
#include <vector>

#include "meter/log/testing/followed_log_test.hpp"

namespace octroi::logs {
namespace {

using ::testing::ElementsAre;
using ::testing::IsEmpty;
namespace fs = std::filesystem;
using FollowedLogTest = testing::FollowedLogTest;

TEST_F(FollowedLogTest, LinesCountWhenTheyHaveAnEnd) {
    EXPECT_THAT(poll(), IsEmpty());  // the log does not exist yet
    append("access.log", "1\n2\n3");
    EXPECT_THAT(poll(), ElementsAre("1", "2"));
    append("access.log", "3\n");
    EXPECT_THAT(poll(), ElementsAre("33"));
    EXPECT_THAT(poll(), IsEmpty());
    restart();
    append("access.log", "4\n");
    EXPECT_THAT(poll(), ElementsAre("4"));
}

TEST_F(FollowedLogTest, ARenamedFileIsReadToItsEnd) {
    append("access.log", "1\n");
    EXPECT_THAT(poll(), ElementsAre("1"));
    append("access.log", "2\n");
    rename("access.log", "access.log.1");
    append("access.log", "4\n");
    EXPECT_THAT(poll(), ElementsAre("2", "4"));
    append("access.log.1", "3\n");  // a server that has not opened its log again
    append("access.log", "5\n");
    EXPECT_THAT(poll(), ElementsAre("3", "5"));
    EXPECT_THAT(log_->drain_losses(), IsEmpty());
}

TEST_F(FollowedLogTest, TheLastLineOfAFinishedFileNeedsNoEnd) {
    append("access.log", "1\n2");
    EXPECT_THAT(poll(), ElementsAre("1"));
    rename("access.log", "access.log.1");
    append("access.log", "3\n");
    EXPECT_THAT(poll(), ElementsAre("3"));
    pass(Duration::minutes(11));
    EXPECT_THAT(poll(), ElementsAre("2"));
    pass(Duration::minutes(11));
    EXPECT_THAT(poll(), IsEmpty());
    restart();
    EXPECT_THAT(poll(), IsEmpty());
}

TEST_F(FollowedLogTest, AServerThatDoesNotOpenItsLogAgainIsFollowed) {
    append("access.log", "1\n");
    EXPECT_THAT(poll(), ElementsAre("1"));
    rename("access.log", "access.log.1");
    append("access.log", "");
    EXPECT_THAT(poll(), IsEmpty());
    pass(Duration::hours(20));
    EXPECT_THAT(poll(), IsEmpty());
    append("access.log.1", "2\n");
    EXPECT_THAT(poll(), ElementsAre("2"));
    append("access.log", "3\n");
    EXPECT_THAT(poll(), ElementsAre("3"));
    pass(Duration::minutes(11));
    EXPECT_THAT(poll(), IsEmpty());
    append("access.log.1", "4\n");
    EXPECT_THAT(poll(), IsEmpty()) << "it is finished";
    pass(Duration::minutes(11));
    EXPECT_THAT(poll(), ElementsAre("4")) << "it has grown nevertheless";
    EXPECT_THAT(log_->drain_losses(), IsEmpty());
}

TEST_F(FollowedLogTest, ACopyHasTheRestOfATruncatedFile) {
    append("access.log", "one\ntwo\n");
    EXPECT_THAT(poll(), ElementsAre("one", "two"));
    append("access.log", "three\n");
    copy("access.log", "access.log.1");
    truncate("access.log");
    append("access.log", "four\n");
    EXPECT_THAT(poll(), ElementsAre("three", "four"));
    EXPECT_THAT(log_->drain_losses(), IsEmpty());
}

TEST_F(FollowedLogTest, ATruncatedFileMayBeLongerThanBefore) {
    append("access.log", "1\n");
    EXPECT_THAT(poll(), ElementsAre("1"));
    append("access.log", "2\n");
    copy("access.log", "access.log.1");
    compress("access.log.1");
    truncate("access.log");
    append("access.log", "3 is a longer line\n4\n");
    EXPECT_THAT(poll(), ElementsAre("2", "3 is a longer line", "4"));
    EXPECT_THAT(log_->drain_losses(), IsEmpty());
}

TEST_F(FollowedLogTest, AFileThatWasCopiedBeforeItWasReadIsNotMissed) {
    append("access.log", "");
    EXPECT_THAT(poll(), IsEmpty());
    append("access.log", "1\n");
    copy("access.log", "access.log.1");
    truncate("access.log");
    append("access.log", "2\n");
    EXPECT_THAT(poll(), ElementsAre("1", "2"));
}

TEST_F(FollowedLogTest, ATruncatedFileWithoutACopyIsALoss) {
    append("access.log", "1\n2\n");
    EXPECT_THAT(poll(), ElementsAre("1", "2"));
    truncate("access.log");
    append("access.log", "3\n");
    EXPECT_THAT(poll(), ElementsAre("3"));
    const auto losses = log_->drain_losses();
    ASSERT_EQ(losses.size(), 1U);
    EXPECT_EQ(losses[0].reason, LossReason::truncated);
    EXPECT_EQ(losses[0].source, folder_.file("access.log"));
}

TEST_F(FollowedLogTest, ARestartFindsTheRenamedAndCompressedFile) {
    append("access.log", "1\n");
    EXPECT_THAT(poll(), ElementsAre("1"));
    append("access.log", "2\n");
    rename("access.log", "access.log.1");
    compress("access.log.1");
    append("access.log", "3\n");
    restart();
    EXPECT_THAT(poll(), ElementsAre("2", "3"));
    EXPECT_THAT(log_->drain_losses(), IsEmpty());
}

TEST_F(FollowedLogTest, FilesThatWereNeverSeenAreReadInOrder) {
    append("access.log", "1\n");
    rename("access.log", "access.log.1");
    append("access.log", "2\n");
    EXPECT_THAT(poll(), ElementsAre("2"));  // the older file was there before
    append("access.log", "3\n");
    rename("access.log.1", "access.log.2");
    rename("access.log", "access.log.1");
    append("access.log", "4\n");
    compress("access.log.2");
    rename("access.log.2.gz", "access.log.3.gz");
    rename("access.log.1", "access.log.2");
    rename("access.log", "access.log.1");
    compress("access.log.2");
    append("access.log", "5\n");
    restart();
    EXPECT_THAT(poll(), ElementsAre("3", "4", "5"));
    EXPECT_THAT(log_->drain_losses(), IsEmpty());
    restart();
    EXPECT_THAT(poll(), IsEmpty());
}

TEST_F(FollowedLogTest, DatedNamesAndRepeatedRotationsWhileItRuns) {
    append("access.log", "1\n");
    EXPECT_THAT(poll(), ElementsAre("1"));
    rename("access.log", "access.log-20261128");
    append("access.log", "2\n");
    rename("access.log", "access.log-20261129");
    append("access.log", "3\n");
    EXPECT_THAT(poll(), ElementsAre("2", "3"));
    compress("access.log-20261128");
    compress("access.log-20261129");
    EXPECT_THAT(poll(), IsEmpty());
    restart();
    EXPECT_THAT(poll(), IsEmpty());
}

TEST_F(FollowedLogTest, ARemovedFileIsReadThroughItsDescriptor) {
    append("access.log", "1\n");
    EXPECT_THAT(poll(), ElementsAre("1"));
    append("access.log", "2\n");
    fs::remove(folder_.file("access.log"));
    EXPECT_THAT(poll(), ElementsAre("2"));
    EXPECT_THAT(poll(), IsEmpty());
    append("access.log", "3\n");
    EXPECT_THAT(poll(), ElementsAre("3"));
    EXPECT_THAT(log_->drain_losses(), IsEmpty());
}

TEST_F(FollowedLogTest, AFileThatWasRemovedWhileNobodyWatchedIsALoss) {
    append("access.log", "1\n");
    EXPECT_THAT(poll(), ElementsAre("1"));
    append("access.log", "2\n");
    fs::remove(folder_.file("access.log"));
    append("access.log", "3\n");
    restart();
    EXPECT_THAT(poll(), ElementsAre("3"));
    const auto losses = log_->drain_losses();
    ASSERT_EQ(losses.size(), 1U);
    EXPECT_EQ(losses[0].reason, LossReason::not_running);
    restart();
    EXPECT_THAT(poll(), IsEmpty());
    EXPECT_THAT(log_->drain_losses(), IsEmpty());
}

TEST_F(FollowedLogTest, TheSameContentInAnotherInodeIsTheSameFile) {
    append("access.log", "1\n2\n");
    EXPECT_THAT(poll(), ElementsAre("1", "2"));
    copy("access.log", "backup");
    append("backup", "3\n");
    rename("backup", "access.log");
    EXPECT_THAT(poll(), ElementsAre("3"));
    EXPECT_THAT(log_->drain_losses(), IsEmpty());
}

TEST_F(FollowedLogTest, ALogThatWasAwayIsNotReadAgain) {
    append("access.log", "1\n2\n");
    EXPECT_THAT(poll(), ElementsAre("1", "2"));
    rename("access.log", "elsewhere");
    EXPECT_THAT(poll(), IsEmpty());
    pass(Duration::minutes(11));
    EXPECT_THAT(poll(), IsEmpty());
    EXPECT_THAT(poll(), IsEmpty());
    append("elsewhere", "3\n");
    rename("elsewhere", "access.log");
    EXPECT_THAT(poll(), ElementsAre("3"));
    EXPECT_THAT(log_->drain_losses(), IsEmpty());
}

TEST_F(FollowedLogTest, ADamagedCompressedFileIsReadWhenItIsComplete) {
    append("access.log", "1\n");
    EXPECT_THAT(poll(), ElementsAre("1"));
    std::string text;
    for (int i = 0; i < 20'000; ++i) text += std::to_string(i * 7919 % 104'729) + "\n";
    append("access.log", text);
    rename("access.log", "access.log.1");
    compress("access.log.1");
    copy("access.log.1.gz", "whole");
    fs::resize_file(folder_.file("access.log.1.gz"), 20'000);
    append("access.log", "last\n");
    restart();
    const std::size_t before = poll().size();
    EXPECT_LT(before, 20'001U);
    fs::remove(folder_.file("access.log.1.gz"));
    rename("whole", "access.log.1.gz");
    EXPECT_EQ(before + poll().size(), 20'001U);
    EXPECT_THAT(log_->drain_losses(), IsEmpty());
}

TEST_F(FollowedLogTest, RotatedFilesMayHaveAFolderOfTheirOwn) {
    make({.old_folder = "old"});
    fs::create_directories(folder_.file("old"));
    append("access.log", "1\n");
    EXPECT_THAT(poll(), ElementsAre("1"));
    append("access.log", "2\n");
    rename("access.log", "old/access.log.1");
    append("access.log", "3\n");
    rename("access.log", "old/access.log-20261130");
    append("access.log", "4\n");
    restart();
    EXPECT_THAT(poll(), ElementsAre("2", "3", "4"));
    EXPECT_THAT(log_->drain_losses(), IsEmpty());
}

TEST_F(FollowedLogTest, EarlierFilesAreReadIfTheyAreWanted) {
    append("access.log", "1\n");
    rename("access.log", "access.log.1");
    append("access.log", "2\n");
    wanted_ = folder_.file("access.log.1");
    EXPECT_THAT(poll(), ElementsAre("1", "2"));
    pass(Duration::minutes(11));
    EXPECT_THAT(poll(), IsEmpty());
}

TEST_F(FollowedLogTest, LinesThatWereImportedAreNotReadAgain) {
    append("access.log", "1\n2\n3\n");
    imported_ = folder_.file("access.log");
    EXPECT_THAT(poll(), ElementsAre("3"));
    append("access.log", "4\n");
    restart();
    EXPECT_THAT(poll(), ElementsAre("4"));
    EXPECT_THAT(log_->drain_losses(), IsEmpty());
}

TEST_F(FollowedLogTest, ALongLineIsHandedOverOnceAndCut) {
    make({.line_octets_max = 1000});
    append("access.log", std::string(500'000, 'x'));
    EXPECT_THAT(poll(), IsEmpty());
    append("access.log", std::string(500'000, 'x') + "\n1\n");
    const auto lines = poll();
    ASSERT_EQ(lines.size(), 2U);
    EXPECT_EQ(lines[0].size(), 1000U);
    EXPECT_EQ(lines[1], "1");
    EXPECT_EQ(log_->counts().cut_lines, 1U);
}

// Random steps of a writer, of rotation and of restarts: each line once.
class RandomRotation : public FollowedLogTest, public ::testing::WithParamInterface<unsigned> {};

TEST_P(RandomRotation, EachLineIsHandedOverOnce) {
    std::mt19937 random(GetParam());
    const auto below = [&](unsigned end) { return static_cast<unsigned>(random() % end); };
    int written = 0;
    std::vector<std::string> read;
    std::string steps;  // and how many lines were written before each
    const auto shift = [&] {
        for (int i = 99; i > 0; --i)
            for (const char* suffix : {"", ".gz"}) {
                const std::string from = "access.log." + std::to_string(i) + suffix;
                if (fs::exists(folder_.file(from)))
                    rename(from, "access.log." + std::to_string(i + 1) + suffix);
            }
    };
    EXPECT_THAT(poll(), IsEmpty());  // the log is followed from its begin
    for (int step = 0; step < 120; ++step) {
        const bool exists = fs::exists(folder_.file("access.log"));
        const bool has_text = exists && fs::file_size(folder_.file("access.log")) > 0;
        const unsigned choice = below(8);
        steps += std::to_string(choice) + "(" + std::to_string(written) + ") ";
        switch (choice) {
            case 0:
            case 1:
            case 2: {
                std::string text;
                for (unsigned i = below(40) + 1; i > 0; --i)
                    text +=
                        "line " + std::to_string(++written) + std::string(below(90), '.') + "\n";
                append("access.log", text);
                break;
            }
            case 3:
                if (!has_text) break;
                shift();
                rename("access.log", "access.log.1");
                break;
            case 4:
                if (!has_text) break;
                shift();
                copy("access.log", "access.log.1");
                truncate("access.log");
                break;
            case 5:
                for (const char* name : {"access.log.1", "access.log.2"})
                    if (below(2) == 0 && fs::exists(folder_.file(name))) compress(name);
                break;
            case 6:
                restart();
                break;
            default:
                for (std::string& line : poll(below(2) == 0 ? 500 : 1U << 20U))
                    read.push_back(std::move(line));
        }
    }
    append("access.log", "line " + std::to_string(++written) + "\n");
    for (std::string& line : poll()) read.push_back(std::move(line));
    // The first one that is missing, late or there twice.
    for (std::size_t i = 0; i < read.size(); ++i)
        ASSERT_EQ(std::atoi(read[i].c_str() + 5), static_cast<int>(i) + 1) << steps;
    EXPECT_EQ(read.size(), static_cast<std::size_t>(written)) << steps;
    EXPECT_THAT(log_->drain_losses(), IsEmpty());
}

INSTANTIATE_TEST_SUITE_P(Seeds, RandomRotation, ::testing::Range(1U, 61U));

}  // namespace
}  // namespace octroi::logs
