// SPDX-License-Identifier: GPL-3.0-or-later
// A web server that writes its log, rotation, and a daemon that is killed at random moments: the
// ledger has each line once.

#include <gtest/gtest.h>

#include <chrono>
#include <csignal>
#include <cstdint>
#include <filesystem>
#include <fstream>
#include <map>
#include <memory>
#include <nlohmann/json.hpp>
#include <random>
#include <string>
#include <utility>

#include "support/process.hpp"

namespace octroi {
namespace {

using nlohmann::json;
using support::Arguments;
using support::Ended;
using support::Folder;
using support::Process;
namespace fs = std::filesystem;

struct Traffic {
    std::uint64_t sent = 0;
    std::uint64_t requests = 0;
    bool operator==(const Traffic&) const = default;
};
using TrafficByDomain = std::map<std::string, Traffic>;

std::ostream& operator<<(std::ostream& out, const Traffic& traffic) {
    return out << traffic.sent << " bytes in " << traffic.requests << " requests";
}

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

class ServerLogsTest : public ::testing::TestWithParam<Rotation> {
protected:
    void SetUp() override {
        std::ofstream(config_) << "[ledger]\ncommit_interval = \"1s\"\n"
                               << "[[meter]]\nname = \"web\"\nkind = \"log\"\n"
                               << "paths = [\"" << folder_ / "*.log" << "\"]\n"
                               << "format = \"vhost-combined\"\npoll = \"100ms\"\n";
    }
    void start() {
        daemon_ = std::make_unique<Process>(support::octroi(ledger_, {"--config", config_, "run"}));
    }
    void kill() {
        daemon_->signal(SIGKILL);
        (void)daemon_->wait();
        daemon_.reset();
    }
    void stop() {
        EXPECT_TRUE(support::wait_until([&] { return daemon_->catches(SIGTERM); },
                                        std::chrono::seconds(15)));
        daemon_->signal(SIGTERM);
        const Ended ended = daemon_->wait();
        EXPECT_EQ(ended.status, 0) << ended.err;
        daemon_.reset();
    }

    // Appends lines, one write(2) for each, as a server does.
    void write_lines(int count) {
        std::ofstream out(log_, std::ios::app);
        for (int i = 0; i < count; ++i) {
            const std::string domain = "site" + std::to_string(random_() % 3) + ".example.org";
            const std::uint64_t octets = random_() % 1'000'000;
            Traffic& truth = truth_[domain];
            truth.sent += octets;
            ++truth.requests;
            out << domain << ":443 198.51.100." << random_() % 200 + 1
                << " - - [30/Nov/2026:12:00:00 +0000] \"GET /" << ++line_ << " HTTP/1.1\" 200 "
                << octets << " \"-\" \"test\"\n"
                << std::flush;
        }
    }
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
    [[nodiscard]] json ask(Arguments arguments) const {
        arguments.insert(arguments.begin(), "--json");
        return json::parse(support::run(support::octroi(ledger_, std::move(arguments))).out,
                           nullptr, false);
    }
    [[nodiscard]] TrafficByDomain booked() const {
        TrafficByDomain sums;
        const json answer = ask({"usage", "--by", "identity", "--layer", "application"});
        if (!answer.is_object()) return sums;
        for (const json& row : answer.value("rows", json::array())) {
            const std::string identity = row.value("identity", "");
            if (!identity.starts_with("domain ")) continue;
            Traffic& sum = sums[identity.substr(7)];
            sum.sent += row.value("sent_bytes", std::uint64_t{0});
            sum.requests += row.value("flows", std::uint64_t{0});
        }
        return sums;
    }
    void wait_until_booked() const {
        EXPECT_TRUE(
            support::wait_until([&] { return booked() == truth_; }, std::chrono::seconds(15)));
    }

    const Folder folder_;
    const std::string ledger_ = folder_ / "ledger.db";
    const std::string config_ = folder_ / "octroi.toml";
    const std::string log_ = folder_ / "access.log";
    std::unique_ptr<Process> daemon_;
    std::mt19937 random_{17};
    TrafficByDomain truth_;
    int line_ = 0;
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
    EXPECT_EQ(booked(), truth_);
    EXPECT_EQ(support::run(support::octroi(ledger_, {"audit"})).status, 0);
    EXPECT_TRUE(ask({"meters", "--losses"}).empty());
}

INSTANTIATE_TEST_SUITE_P(Rotations, ServerLogsTest,
                         ::testing::Values(Rotation::rename, Rotation::copy, Rotation::compress,
                                           Rotation::delay_compress, Rotation::dated,
                                           Rotation::remove),
                         [](const auto& each) { return name_of(each.param); });

}  // namespace
}  // namespace octroi
