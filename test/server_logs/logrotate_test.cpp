// SPDX-License-Identifier: GPL-3.0-or-later
// logrotate of Debian in each of its schemes, with a daemon that is killed, and logs that are
// truncated: the ledger has what an import of the same lines without any of that has.

#include <gtest/gtest.h>

#include <chrono>
#include <filesystem>
#include <string>

#include "web_log.hpp"

namespace octroi::server_logs {
namespace {

namespace fs = std::filesystem;

struct Scheme {
    const char* name;
    const char* directives;  // of logrotate.conf(5)
    const char* old_folder = "";
};
constexpr Scheme schemes[] = {
    {"Create", "create"},
    {"NoCreate", "nocreate"},
    {"CopyAndTruncate", "copytruncate"},
    {"CopyTruncateAndCompress", "copytruncate\ncompress"},
    {"Compress", "create\ncompress"},
    {"CompressLater", "create\ncompress\ndelaycompress"},
    {"DatedNames", "create\ndateext\ndateformat -%Y%m%d-%s"},
    {"DatedNamesBeforeTheExtension",
     "create\ndateext\ndateformat -%Y%m%d-%s\nextension .log\ncompress"},
    {"CompressWithZstd",
     "create\ncompress\ncompresscmd /usr/bin/zstd\ncompressoptions -q --rm\n"
     "uncompresscmd /usr/bin/unzstd\ncompressext .zst"},
    {"OldFolder", "create\nolddir old\ncreateolddir 0755\ncompress\ndelaycompress", "old"},
    {"CompressWithXz",
     "create\ncompress\ncompresscmd /usr/bin/xz\nuncompresscmd /usr/bin/unxz\ncompressext .xz"},
};

std::ostream& operator<<(std::ostream& out, const Scheme& scheme) { return out << scheme.name; }

class LogrotateTest : public ::testing::TestWithParam<Scheme>, protected WebLog {
protected:
    void SetUp() override {
        if (support::run({"sh", "-c", "PATH=$PATH:/usr/sbin command -v logrotate zstd xz"})
                .status != 0)
            GTEST_SKIP() << "logrotate, zstd or xz is not installed";
        std::ofstream(rotation_) << log_ << " {\nrotate 20\nmissingok\n"
                                 << GetParam().directives << "\n}\n";
        if (*GetParam().old_folder != '\0')
            std::ofstream(config_, std::ios::app)
                << "old_folder = \"" << GetParam().old_folder << "\"\n";
    }
    void rotate() const {
        // Names with seconds: two rotations in one second would have one name.
        if (std::string_view(GetParam().directives).find("%s") != std::string_view::npos)
            support::pass(std::chrono::milliseconds(1001));
        const Ended ended = support::run({"sh", "-c", "PATH=$PATH:/usr/sbin exec logrotate \"$@\"",
                                          "sh", "--force", "--state", state_, rotation_});
        EXPECT_EQ(ended.status, 0) << ended.err;
    }

    const std::string rotation_ = folder_ / "logrotate.conf";
    const std::string state_ = folder_ / "logrotate.state";
};

TEST_P(LogrotateTest, EachLineCountsOnceOverRotationAndKills) {
    start();
    write_lines(10);
    wait_until_booked();
    for (int rotations = 1; rotations <= 3; ++rotations) {
        write_lines(150);
        support::pass(std::chrono::milliseconds(random_() % 300));
        // Nobody looks while the log is rotated in the second round, and twice in the third.
        if (rotations > 1) kill();
        write_lines(50);
        rotate();
        write_lines(50);
        if (rotations == 3) {
            rotate();
            write_lines(20);
        }
        if (rotations == 1) {
            support::pass(std::chrono::milliseconds(random_() % 800));
            kill();
        }
        start();
    }
    wait_until_booked();
    stop();
    expect_each_line_once();
}

INSTANTIATE_TEST_SUITE_P(Schemes, LogrotateTest, ::testing::ValuesIn(schemes),
                         [](const auto& each) { return each.param.name; });

class TruncatedLogTest : public ::testing::Test, protected WebLog {};

// Nobody can know whether a log had more lines when it was emptied without a copy: that is a loss
// without a bound. All lines that were read count once.
TEST_F(TruncatedLogTest, ALogThatIsEmptiedAndGrowsAgainCountsOnce) {
    start();
    write_lines(40);
    wait_until_booked();
    for (const int lines : {100, 30, 300}) {  // a longer, a shorter and a longer one than before
        fs::resize_file(log_, 0);
        write_lines(lines);
        wait_until_booked();
    }
    for (const int lines : {400, 20}) {  // the same while nobody looks
        kill();
        fs::resize_file(log_, 0);
        write_lines(lines);
        start();
        wait_until_booked();
    }
    stop();
    EXPECT_EQ(booked(), truth_);
    EXPECT_EQ(booked(), imported());
    const json losses = ask({"meters", "--losses"});
    EXPECT_EQ(losses.size(), 5U) << losses;
    for (const json& loss : losses) EXPECT_FALSE(loss.contains("bytes_bound")) << loss;
}

}  // namespace
}  // namespace octroi::server_logs
