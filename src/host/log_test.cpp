// SPDX-License-Identifier: GPL-3.0-or-later
#include "host/log.hpp"

#include <fcntl.h>
#include <fmt/format.h>
#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <cstdlib>
#include <fstream>
#include <nlohmann/json.hpp>
#include <sstream>
#include <thread>
#include <vector>

#include "host/log_limit.hpp"
#include "host/testing/folder.hpp"

namespace octroi {
namespace {

using ::testing::MatchesRegex;

// Captures standard error during its lifetime.
class Captured {
public:
    Captured() : before_(::dup(STDERR_FILENO)) {
        const int file = ::open(path_.c_str(), O_CREAT | O_RDWR | O_TRUNC, 0600);
        ::dup2(file, STDERR_FILENO);
        ::close(file);
    }
    ~Captured() {
        ::dup2(before_, STDERR_FILENO);
        ::close(before_);
    }
    Captured(const Captured&) = delete;
    Captured& operator=(const Captured&) = delete;

    [[nodiscard]] std::string text() const {
        std::ostringstream all;
        all << std::ifstream(path_).rdbuf();
        return all.str();
    }

private:
    testing::Folder folder_;
    std::string path_ = folder_.file("stderr");
    int before_;
};

class LogTest : public ::testing::Test {
protected:
    ~LogTest() override {
        set_log_level(LogLevel::info);
        set_log_format(LogFormat::plain);
        ::unsetenv("JOURNAL_STREAM");
    }
    static std::string written(LogFormat format, LogLevel level, std::string_view message) {
        const Captured captured;
        set_log_format(format);
        log(level, message);
        return captured.text();
    }
};

TEST_F(LogTest, APlainLineIsTheMessageAlone) {
    EXPECT_EQ(written(LogFormat::plain, LogLevel::warning, "one\n\ttwo"), "one\n\ttwo\n");
}

TEST_F(LogTest, ATextLineHasLocalTimeAndLevel) {
    EXPECT_THAT(written(LogFormat::text, LogLevel::warning, "disk full"),
                MatchesRegex("[0-9]{4}-[0-9]{2}-[0-9]{2}T[0-9]{2}:[0-9]{2}:[0-9]{2}\\.[0-9]{3}"
                             "[+-][0-9]{2}:[0-9]{2} warning: disk full\n"));
}

TEST_F(LogTest, AJournalLineHasThePriorityOfSyslog) {
    EXPECT_EQ(written(LogFormat::journal, LogLevel::error, "m"), "<3>m\n");
    EXPECT_EQ(written(LogFormat::journal, LogLevel::warning, "m"), "<4>m\n");
    EXPECT_EQ(written(LogFormat::journal, LogLevel::info, "m"), "<6>m\n");
    set_log_level(LogLevel::debug);
    EXPECT_EQ(written(LogFormat::journal, LogLevel::debug, "m"), "<7>m\n");
}

TEST_F(LogTest, AJsonLineIsOneObjectWhateverTheMessageHolds) {
    const std::string line =
        written(LogFormat::json, LogLevel::error, "a \"b\"\n\x01 \xff \xc3\xa4 \\");
    ASSERT_EQ(std::count(line.begin(), line.end(), '\n'), 1);
    const auto object = nlohmann::json::parse(line);
    EXPECT_EQ(object["level"], "error");
    EXPECT_EQ(object["message"], "a \"b\"\n\x01 \xef\xbf\xbd \xc3\xa4 \\");
    EXPECT_THAT(object["time"].get<std::string>(),
                MatchesRegex("[0-9-]{10}T[0-9:]{8}\\.[0-9]{3}Z"));
}

TEST_F(LogTest, AJsonLineHasNoCharacterThatATerminalObeys) {
    const std::string line =
        written(LogFormat::json, LogLevel::info, "a\x7f\x1b\xc2\x9b \xc2\xa0z");
    EXPECT_THAT(line, ::testing::HasSubstr(R"("a\u007f\u001b\u009b )"
                                           "\xc2\xa0z\""));
    EXPECT_EQ(nlohmann::json::parse(line)["message"], "a\x7f\x1b\xc2\x9b \xc2\xa0z");
}

// Each line has the form and the escapes of one format.
TEST_F(LogTest, ALineIsOfOneFormatWhileTheFormatChanges) {
    const Captured captured;
    set_log_format(LogFormat::journal);
    std::jthread other([](const std::stop_token& stop) {
        for (bool json = false; !stop.stop_requested(); json = !json)
            set_log_format(json ? LogFormat::json : LogFormat::journal);
    });
    for (int i = 0; i < 2000; ++i) log_info("a\x1b\nb");
    other.request_stop();
    other.join();
    std::istringstream lines(captured.text());
    int count = 0;
    for (std::string line; std::getline(lines, line); ++count) {
        if (line == R"(<6>a\x1b\nb)") continue;
        const auto object = nlohmann::json::parse(line, nullptr, false);
        ASSERT_TRUE(object.is_object()) << line;
        EXPECT_EQ(object["message"], "a\x1b\nb");
    }
    EXPECT_EQ(count, 2000);
}

TEST_F(LogTest, NamesFromOutsideActOnNoTerminalAndBeginNoLine) {
    const std::string_view hostile = "name \x1b[2J\n<2>root \xc2\x9b\x7f";
    EXPECT_EQ(written(LogFormat::journal, LogLevel::info, hostile),
              "<6>name \\x1b[2J\\n<2>root \\u009b\\x7f\n");
    EXPECT_EQ(written(LogFormat::plain, LogLevel::info, hostile),
              "name \\x1b[2J\n<2>root \\u009b\\x7f\n");
}

TEST_F(LogTest, NamesFromOutsideDoNotReorderALine) {
    const std::string_view hostile = "a\u202eb\u2066c\u061cd\u2028e\u00df\u20ac\xe2\x80";
    EXPECT_EQ(written(LogFormat::plain, LogLevel::info, hostile),
              "a\\u202eb\\u2066c\\u061cd\\u2028e\u00df\u20ac\xe2\x80\n");
    const std::string line = written(LogFormat::json, LogLevel::info, "a\u202eb\u20ac");
    EXPECT_THAT(line, ::testing::HasSubstr("a\\u202eb\u20ac"));
    EXPECT_EQ(nlohmann::json::parse(line)["message"], "a\u202eb\u20ac");
}

TEST_F(LogTest, MessagesBelowTheLevelAreNotWrittenNorCounted) {
    const auto before = logged_messages();
    set_log_level(LogLevel::warning);
    EXPECT_FALSE(is_logged(LogLevel::info));
    EXPECT_EQ(written(LogFormat::plain, LogLevel::info, "m"), "");
    EXPECT_EQ(written(LogFormat::plain, LogLevel::warning, "m"), "m\n");
    set_log_level(LogLevel::debug);
    EXPECT_EQ(written(LogFormat::plain, LogLevel::debug, "m"), "m\n");
    const auto after = logged_messages();
    EXPECT_EQ(after[1] - before[1], 1U);
    EXPECT_EQ(after[2] - before[2], 0U);
    EXPECT_EQ(after[3] - before[3], 1U);
}

TEST_F(LogTest, LevelsHaveNames) {
    EXPECT_EQ(log_level("error"), LogLevel::error);
    EXPECT_EQ(log_level("warning"), LogLevel::warning);
    EXPECT_EQ(log_level("info"), LogLevel::info);
    EXPECT_EQ(log_level("debug"), LogLevel::debug);
    EXPECT_EQ(to_string(LogLevel::warning), "warning");
    EXPECT_EQ(log_level("trace"), std::nullopt);
    EXPECT_EQ(log_level(""), std::nullopt);
}

TEST_F(LogTest, TheJournalIsRecognisedByDeviceAndInode) {
    const Captured captured;
    struct stat status{};
    ASSERT_EQ(::fstat(STDERR_FILENO, &status), 0);
    EXPECT_EQ(format_of_standard_error(), LogFormat::text);
    ::setenv("JOURNAL_STREAM", fmt::format("{}:{}", status.st_dev, status.st_ino).c_str(), 1);
    EXPECT_EQ(format_of_standard_error(), LogFormat::journal);
    // Standard error was redirected after systemd had set the variable.
    ::setenv("JOURNAL_STREAM", fmt::format("{}:{}", status.st_dev, status.st_ino + 1).c_str(), 1);
    EXPECT_EQ(format_of_standard_error(), LogFormat::text);
}

TEST(LineLimitTest, AdmitsTenLinesInAnyMinute) {
    LineLimit limit;
    // A message every second for ten minutes: the window slides.
    std::vector<int> admitted;
    for (int second = 0; second < 600; ++second)
        if (limit.admit(Duration::seconds(1000 + second))) admitted.push_back(second);
    EXPECT_EQ(admitted.size(), 100U);
    for (std::size_t i = LineLimit::lines; i < admitted.size(); ++i)
        EXPECT_GE(admitted[i] - admitted[i - LineLimit::lines], 60);
}

TEST(LineLimitTest, SaysAfterAMinuteHowManyLinesWereLeftOut) {
    LineLimit limit;
    for (int i = 0; i < 12'355; ++i) (void)limit.admit(Duration::seconds(5));
    EXPECT_FALSE(limit.is_summary_due(Duration::seconds(64)));
    EXPECT_TRUE(limit.is_summary_due(Duration::seconds(65)));
    EXPECT_EQ(limit.drain_suppressed(), 12'345U);
    EXPECT_FALSE(limit.is_summary_due(Duration::seconds(200)));
    EXPECT_EQ(limit.drain_suppressed(), 0U);
}

TEST(LineLimitTest, CountsLinesThatWereSkippedWithoutACall) {
    LineLimit limit;
    for (std::size_t i = 0; i <= LineLimit::lines; ++i) (void)limit.admit(Duration::seconds(5));
    EXPECT_FALSE(limit.is_open(Duration::seconds(64)));
    EXPECT_TRUE(limit.is_open(Duration::seconds(65)));
    limit.add_suppressed(99, Duration::seconds(7));
    EXPECT_TRUE(limit.is_summary_due(Duration::seconds(65)));
    EXPECT_EQ(limit.drain_suppressed(), 100U);
    limit.add_suppressed(1, Duration::seconds(70));
    EXPECT_FALSE(limit.is_summary_due(Duration::seconds(129)));
    EXPECT_TRUE(limit.is_summary_due(Duration::seconds(130)));
}

constinit LimitedLog test_messages("test_message");

TEST_F(LogTest, AFloodOfOneKindIsLimitedCountedAndSummedUp) {
    const Captured captured;
    int made = 0;
    for (int i = 0; i < 1010; ++i) {
        test_messages.warning([&] {
            ++made;
            return "m";
        });
    }
    LimitedLog::write_due_summaries();
    EXPECT_EQ(made, 10);
    std::string expected;
    for (int i = 0; i < 10; ++i) expected += "m\n";
    EXPECT_EQ(captured.text(), expected);
    LimitedLog::write_last_summaries();
    EXPECT_EQ(captured.text(),
              expected + "1,000 more messages of the kind test_message in the last minute\n");
    const auto counts = LimitedLog::counts();
    ASSERT_EQ(counts.size(), 1U);
    EXPECT_EQ(counts[0].kind, "test_message");
    EXPECT_EQ(counts[0].messages, 1010U);
    EXPECT_EQ(counts[0].suppressed, 1000U);
}

}  // namespace
}  // namespace octroi
