// SPDX-License-Identifier: GPL-3.0-or-later
// A web server that writes its log, rotation, and a daemon that is killed at random moments: the
// ledger has each line once.

#include <gtest/gtest.h>

#include <chrono>
#include <filesystem>
#include <string>

#include "web_log.hpp"

namespace octroi::server_logs {
namespace {

namespace fs = std::filesystem;

enum class Rotation { rename, copy, compress, delay_compress, dated, remove };

const char* name_of(Rotation rotation) {
    switch (rotation) {
        case Rotation::rename:
            return "Rename";
        case Rotation::copy:
            return "CopyAndTruncate";
        case Rotation::compress:
            return "RenameAndCompress";
        case Rotation::delay_compress:
            return "CompressLater";
        case Rotation::dated:
            return "DatedNames";
        case Rotation::remove:
            return "RemoveAndMakeAgain";
    }
    return "";
}

class ServerLogsTest : public ::testing::TestWithParam<Rotation>, protected WebLog {
protected:
    void shift(const std::string& last) const {
        for (int i = 20; i > 0; --i)
            for (const char* end : {"", ".gz"}) {
                const std::string from = log_ + "." + std::to_string(i) + end;
                if (fs::exists(from)) fs::rename(from, log_ + "." + std::to_string(i + 1) + end);
            }
        fs::rename(log_, last);
    }
    static void gzip(const std::string& path) {
        if (fs::exists(path)) {
            const Ended ended = support::run({"gzip", path});
            EXPECT_EQ(ended.status, 0) << ended.err;
        }
    }
    void rotate() {
        if (!fs::exists(log_)) return;
        const std::string first = log_ + ".1";
        switch (GetParam()) {
            case Rotation::rename:
                return shift(first);
            case Rotation::copy:
                for (int i = 20; i > 0; --i)
                    if (fs::exists(log_ + "." + std::to_string(i)))
                        fs::rename(log_ + "." + std::to_string(i),
                                   log_ + "." + std::to_string(i + 1));
                fs::copy_file(log_, first);
                fs::resize_file(log_, 0);
                return;
            case Rotation::compress:
                shift(first);
                return gzip(first);
            case Rotation::delay_compress:
                gzip(first);
                return shift(first);
            case Rotation::dated:
                fs::rename(log_, log_ + "-202611" + std::to_string(10 + rotations_));
                return gzip(log_ + "-202611" + std::to_string(9 + rotations_));
            case Rotation::remove:
                // Nothing can be read of a file that is gone: the daemon must have read it.
                wait_until_booked();
                fs::remove(log_);
                return;
        }
    }
    int rotations_ = 0;
};

TEST_P(ServerLogsTest, EachLineCountsOnceOverRotationAndKills) {
    start();
    write_lines(10);
    wait_until_booked();
    for (rotations_ = 1; rotations_ <= 4; ++rotations_) {
        write_lines(200);
        support::pass(std::chrono::milliseconds(random_() % 500));
        // In every second round nobody looks while the log is rotated.
        const bool is_down = GetParam() != Rotation::remove && rotations_ % 2 == 0;
        if (is_down) kill();
        write_lines(50);
        rotate();
        write_lines(50);
        if (!is_down) {
            support::pass(std::chrono::milliseconds(random_() % 1500));
            if (GetParam() == Rotation::remove) wait_until_booked();
            kill();
        }
        start();
    }
    wait_until_booked();
    stop();
    expect_each_line_once();
}

INSTANTIATE_TEST_SUITE_P(Rotations, ServerLogsTest,
                         ::testing::Values(Rotation::rename, Rotation::copy, Rotation::compress,
                                           Rotation::delay_compress, Rotation::dated,
                                           Rotation::remove),
                         [](const auto& each) { return name_of(each.param); });

}  // namespace
}  // namespace octroi::server_logs
