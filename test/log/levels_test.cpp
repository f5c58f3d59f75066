// SPDX-License-Identifier: GPL-3.0-or-later
// `--log-level`, `[log] level` and `[log] format`: what a running daemon and other commands write.

#include <fmt/format.h>
#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <sys/stat.h>

#include <regex>

#include "support/paced_sender.hpp"
#include "support/running_daemon.hpp"

namespace octroi::logging {
namespace {

using nlohmann::json;
using support::RunningDaemon;
using ::testing::HasSubstr;
using ::testing::Not;

std::vector<std::string> lines_of(const std::string& text) {
    std::vector<std::string> lines;
    std::istringstream in(text);
    for (std::string line; std::getline(in, line);) lines.push_back(line);
    return lines;
}

// A line of each level, in the order of severity.
constexpr std::array levels{"error", "warning", "info", "debug"};
constexpr std::array texts{"configuration not reloaded", "is no complete NetFlow",
                           "configuration reloaded", "batch committed"};

support::Sections sections(const std::string& log) {
    support::Sections all{{"ledger", "commit_interval = \"1s\"\n"},
                          {"attribute", "local = [\"10.0.0.0/8\"]\n"}};
    if (!log.empty()) all["log"] = log;
    return all;
}

// Makes a daemon log a line of each level, and returns its log.
std::string log_with_all_levels(RunningDaemon& daemon) {
    support::PacedSender unknown(daemon.socket().descriptor(), INADDR_LOOPBACK + 9,
                                 daemon.socket().port());
    EXPECT_TRUE(unknown.send("no flow export \x1b[2J"));
    daemon.write({{"ledger", "commit_interval = 1 \"second\"\n"}});
    EXPECT_EQ(daemon.command({"reload"}).status, 1);
    daemon.write({});
    EXPECT_EQ(daemon.command({"reload"}).status, 0);
    daemon.expect_used("meter", "flows");
    const support::Ended ended = daemon.stop();
    EXPECT_EQ(ended.status, 0);
    return ended.err;
}

class Level : public ::testing::TestWithParam<std::size_t> {
protected:
    static void expect_up_to_level(const std::string& log) {
        for (std::size_t i = 0; i < texts.size(); ++i) {
            if (i <= GetParam())
                EXPECT_THAT(log, HasSubstr(texts[i])) << levels[i];
            else
                EXPECT_THAT(log, Not(HasSubstr(texts[i]))) << levels[i];
        }
    }
};

TEST_P(Level, OfTheCommandLineSetsWhatADaemonWrites) {
    // The command line comes before the configuration.
    RunningDaemon daemon(sections("level = \"info\"\nformat = \"json\"\n"),
                         {"--log-level", levels[GetParam()]});
    const std::string log = log_with_all_levels(daemon);
    expect_up_to_level(log);
    for (const std::string& line : lines_of(log)) {
        const json object = json::parse(line, nullptr, false);
        ASSERT_TRUE(object.is_object()) << line;
        const auto level = std::ranges::find(levels, object["level"].get<std::string>());
        EXPECT_LE(static_cast<std::size_t>(level - levels.begin()), GetParam()) << line;
        const auto message = object["message"].get<std::string>();
        for (std::size_t i = 0; i < texts.size(); ++i) {
            if (message.find(texts[i]) == std::string::npos) continue;
            EXPECT_EQ(object["level"], levels[i]) << line;
        }
    }
}

TEST_P(Level, OfTheConfigurationSetsWhatADaemonWrites) {
    RunningDaemon daemon(sections(fmt::format("level = \"{}\"\n", levels[GetParam()])));
    expect_up_to_level(log_with_all_levels(daemon));
}

INSTANTIATE_TEST_SUITE_P(All, Level, ::testing::Range(std::size_t{0}, levels.size()),
                         [](const auto& level) { return levels[level.param]; });

void expect_each_line(const std::string& log, const std::string& pattern) {
    const std::regex wanted(pattern);
    EXPECT_GT(lines_of(log).size(), 5U);
    for (const std::string& line : lines_of(log))
        EXPECT_TRUE(std::regex_match(line, wanted)) << line;
}

constexpr const char* text_line =
    "[0-9]{4}-[0-9]{2}-[0-9]{2}T[0-9]{2}:[0-9]{2}:[0-9]{2}\\.[0-9]{3}[+-][0-9]{2}:[0-9]{2} "
    "(error|warning|info|debug): .+";
// The priority of the level, and no time.
constexpr const char* journal_line =
    "<(3>configuration not reloaded|4>.+ is no complete|6>(configuration reloaded|[a-z]+: |meter "
    "flows: exporters at|ends with)|7>).*";

TEST(LogFormat, TextHasTimeAndLevel) {
    RunningDaemon daemon(sections("format = \"text\"\n"));
    expect_each_line(log_with_all_levels(daemon), text_line);
}

TEST(LogFormat, JournalHasPrioritiesAndNoTime) {
    RunningDaemon daemon(sections("format = \"journal\"\nlevel = \"debug\"\n"));
    expect_each_line(log_with_all_levels(daemon), journal_line);
}

TEST(LogFormat, JsonIsAnObjectPerLine) {
    RunningDaemon daemon(sections("format = \"json\"\n"));
    for (const std::string& line : lines_of(log_with_all_levels(daemon))) {
        const json object = json::parse(line, nullptr, false);
        ASSERT_TRUE(object.is_object()) << line;
        EXPECT_EQ(object.size(), 3U);
        EXPECT_TRUE(object["message"].is_string());
        EXPECT_TRUE(std::regex_match(
            object["time"].get<std::string>(),
            std::regex("[0-9]{4}-[0-9]{2}-[0-9]{2}T[0-9]{2}:[0-9]{2}:[0-9]{2}\\.[0-9]{3}Z")))
            << line;
    }
}

// Sets JOURNAL_STREAM as systemd does: systemd.exec(5).
void connect_to_journal() {
    struct stat status{};
    ::fstat(STDERR_FILENO, &status);
    ::setenv("JOURNAL_STREAM", fmt::format("{}:{}", status.st_dev, status.st_ino).c_str(), 1);
}

TEST(LogFormat, AutoIsJournalUnderSystemdElseText) {
    RunningDaemon service(sections(""), {}, connect_to_journal);
    expect_each_line(log_with_all_levels(service), journal_line);
    // Standard error was redirected after systemd had set the variable.
    RunningDaemon redirected(sections(""), {}, [] { ::setenv("JOURNAL_STREAM", "1:2", 1); });
    expect_each_line(log_with_all_levels(redirected), text_line);
    RunningDaemon other(sections(""), {}, [] { ::unsetenv("JOURNAL_STREAM"); });
    expect_each_line(log_with_all_levels(other), text_line);
}

// A file of IPFIX messages, the last one cut off.
void write_cut_off_export(const std::string& path) {
    support::TestExporter exporter(support::Export::ipfix, INADDR_LOOPBACK + 1, 9);
    std::string octets = exporter.message(3);
    octets += exporter.message(3);
    std::ofstream(path, std::ios::binary) << octets.substr(0, octets.size() - 10);
}

TEST(OneShotCommands, WriteEachLineAtItsLevel) {
    const support::Folder folder;
    write_cut_off_export(folder / "flows.ipfix");
    for (std::size_t level = 0; level < levels.size(); ++level) {
        const support::Ended ended = support::run(
            support::octroi(folder / ("ledger-" + std::to_string(level) + ".db"),
                            {"--config", "/dev/null", "--log-level", levels[level], "import",
                             "flow", folder / "flows.ipfix", folder / "absent"}));
        EXPECT_EQ(ended.status, 1);
        constexpr std::array in_import{"absent", "flows.ipfix ends", "no network is declared local",
                                       "batch committed"};
        for (std::size_t i = 0; i < in_import.size(); ++i) {
            if (i <= level)
                EXPECT_THAT(ended.err, HasSubstr(in_import[i])) << levels[level];
            else
                EXPECT_THAT(ended.err, Not(HasSubstr(in_import[i]))) << levels[level];
        }
    }
}

TEST(OneShotCommands, WriteWarningsOfWhatTheyReadNotAsInformation) {
    const support::Folder folder;
    write_cut_off_export(folder / "flows.ipfix");
    std::ofstream(folder / "routes") << "192.0.2.0/24\nnonsense\n";
    std::ofstream(folder / "addresses") << "192.0.2.1\nnonsense\n";
    const std::vector<support::Arguments> commands{
        {"inspect", "flow", folder / "flows.ipfix"},
        {"inspect", "routes", folder / "routes"},
        {"class", "load", "--partial", folder / "routes"}};
    for (const support::Arguments& command : commands) {
        for (const char* level : {"warning", "error"}) {
            support::Arguments arguments{"--config", "/dev/null", "--log-level", level};
            arguments.insert(arguments.end(), command.begin(), command.end());
            const support::Ended ended =
                support::run(support::octroi(folder / "ledger.db", arguments));
            EXPECT_EQ(ended.err.empty(), level == std::string("error"))
                << command[0] << " " << command[1] << " " << level << ": " << ended.err;
        }
    }
}

TEST(OneShotCommands, RefuseAnUnknownLevel) {
    const support::Ended ended = support::run(
        support::octroi("/nonexistent/ledger.db", {"--log-level", "loud", "accounts"}));
    EXPECT_EQ(ended.status, 2);
    EXPECT_THAT(ended.err, HasSubstr("loud"));
}

}  // namespace
}  // namespace octroi::logging
