// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

// The log of a web server that a daemon follows, and what the lines say in sum.

#include <gtest/gtest.h>

#include <chrono>
#include <csignal>
#include <cstdint>
#include <filesystem>
#include <fstream>
#include <map>
#include <memory>
#include <nlohmann/json.hpp>
#include <ostream>
#include <random>
#include <string>
#include <utility>

#include "support/process.hpp"

namespace octroi::server_logs {

using nlohmann::json;
using support::Arguments;
using support::Ended;
using support::Folder;
using support::Process;

struct Traffic {
    std::uint64_t sent = 0;
    std::uint64_t requests = 0;
    bool operator==(const Traffic&) const = default;
};
using TrafficByDomain = std::map<std::string, Traffic>;

inline std::ostream& operator<<(std::ostream& out, const Traffic& traffic) {
    return out << traffic.sent << " bytes in " << traffic.requests << " requests";
}

class WebLog {
public:
    WebLog() {
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
        std::ofstream all(all_lines_, std::ios::app);
        for (int i = 0; i < count; ++i) {
            const std::string domain = "site" + std::to_string(random_() % 3) + ".example.org";
            const std::uint64_t octets = random_() % 1'000'000;
            Traffic& truth = truth_[domain];
            truth.sent += octets;
            ++truth.requests;
            const std::string line =
                domain + ":443 198.51.100." + std::to_string(random_() % 200 + 1) +
                " - - [30/Nov/2026:12:00:00 +0000] \"GET /" + std::to_string(++line_) +
                " HTTP/1.1\" 200 " + std::to_string(octets) + " \"-\" \"test\"\n";
            out << line << std::flush;
            all << line;
        }
    }
    [[nodiscard]] json ask(Arguments arguments) const {
        return ask_ledger(ledger_, std::move(arguments));
    }
    [[nodiscard]] static json ask_ledger(const std::string& ledger, Arguments arguments) {
        arguments.insert(arguments.begin(), "--json");
        return json::parse(support::run(support::octroi(ledger, std::move(arguments))).out, nullptr,
                           false);
    }
    // The sums of an import of all lines that were written, into a ledger of its own.
    [[nodiscard]] TrafficByDomain imported() const {
        const std::string ledger = folder_ / "undisturbed.db";
        const Ended ended = support::run(
            support::octroi(ledger, {"import", "log", "--format", "vhost-combined", all_lines_}));
        EXPECT_EQ(ended.status, 0) << ended.err;
        return booked_in(ledger);
    }
    // What the end of each test checks: nothing is missing, nothing is there twice.
    void expect_each_line_once() const {
        EXPECT_EQ(booked(), truth_);
        EXPECT_EQ(booked(), imported());
        EXPECT_EQ(support::run(support::octroi(ledger_, {"audit"})).status, 0);
        EXPECT_TRUE(ask({"meters", "--losses"}).empty());
    }
    [[nodiscard]] TrafficByDomain booked() const { return booked_in(ledger_); }
    [[nodiscard]] static TrafficByDomain booked_in(const std::string& ledger) {
        TrafficByDomain sums;
        const json answer =
            ask_ledger(ledger, {"usage", "--by", "identity", "--layer", "application"});
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
    const std::string all_lines_ = folder_ / "all-lines.txt";
    std::unique_ptr<Process> daemon_;
    std::mt19937 random_{17};
    TrafficByDomain truth_;
    int line_ = 0;
};

}  // namespace octroi::server_logs
