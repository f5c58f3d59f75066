// SPDX-License-Identifier: GPL-3.0-or-later
// A daemon that follows traffic and, in another log, who held the address: statements that come
// hours after their traffic was committed move it, without a command, also if the daemon is killed.

#include <fmt/format.h>
#include <gtest/gtest.h>

#include <chrono>
#include <csignal>
#include <fstream>
#include <map>
#include <memory>
#include <nlohmann/json.hpp>
#include <random>

#include "base/time.hpp"
#include "host/clock.hpp"
#include "support/process.hpp"

namespace octroi {
namespace {

using nlohmann::json;
using support::Arguments;
using support::Ended;
using support::Folder;
using support::octroi;
using support::Process;

constexpr std::chrono::seconds patience{60};
constexpr std::int64_t bucket_seconds = 300;
constexpr int buckets = 12;  // the first six are those of alice
constexpr std::uint64_t bytes_of_a_bucket = 1'500;

using BytesByAccount = std::map<std::string, std::uint64_t>;

class LateIdentitiesTest : public ::testing::Test {
protected:
    void SetUp() override {
        const auto meter = [](const std::string& name, const std::string& path,
                              const std::string& role) {
            return fmt::format(
                "[[meter]]\nname = \"{}\"\nkind = \"packet-log\"\nformat = \"trafficwatch\"\n"
                "paths = [\"{}\"]\nrole = \"{}\"\npoll = \"100ms\"\n",
                name, path, role);
        };
        std::ofstream(config_) << "[ledger]\ncommit_interval = \"1s\"\n"
                               << "[attribute]\nlocal = [\"10.0.0.0/8\"]\n"
                               << meter("traffic", traffic_, "bill")
                               << meter("people", people_, "witness");
        for (const char* user : {"alice", "bob"}) {
            command({"account", "add", user});
            command({"bind", "user", user, user});
        }
        const std::int64_t now = SystemClock().now().ns / 1'000'000'000;
        begin_ = (now / bucket_seconds - 2 * buckets) * bucket_seconds;
    }
    void command(const Arguments& arguments) const {
        const Ended ended = support::run(octroi(ledger_, arguments));
        ASSERT_EQ(ended.status, 0) << ended.err;
    }
    void start() {
        daemon_ = std::make_unique<Process>(octroi(ledger_, {"--config", config_, "run"}));
    }
    void kill() {
        daemon_->signal(SIGKILL);
        (void)daemon_->wait();
    }
    void stop() {
        ASSERT_TRUE(support::wait_until([&] { return daemon_->catches(SIGTERM); }, patience));
        daemon_->signal(SIGTERM);
        const Ended ended = daemon_->wait();
        EXPECT_EQ(ended.status, 0) << ended.err;
    }
    // 10.1.2.3 receives 1000 bytes and sends 500 in each bucket.
    void write_traffic() const {
        std::ofstream out(traffic_, std::ios::app);
        for (int i = 0; i < buckets; ++i)
            out << fmt::format("{} - - 10.1.2.3 198.51.100.1 1000 500\n",
                               begin_ + i * bucket_seconds + 60);
    }
    // The address was alice's from before the traffic, and bob's from the middle on.
    void write_people() const {
        std::ofstream(people_, std::ios::app)
            << fmt::format("{} alice 2:0:0:0:0:1 10.1.2.3\n", begin_ - 1000)
            << fmt::format("{} bob 2:0:0:0:0:2 10.1.2.3\n", begin_ + buckets / 2 * bucket_seconds);
    }
    [[nodiscard]] json ask(Arguments arguments) const {
        arguments.insert(arguments.begin(), "--json");
        return json::parse(support::run(octroi(ledger_, std::move(arguments))).out, nullptr, false);
    }
    [[nodiscard]] BytesByAccount booked() const {
        BytesByAccount sums;
        const json answer = ask({"usage", "--by", "account"});
        if (!answer.is_object()) return sums;
        for (const json& row : answer.value("rows", json::array()))
            sums[row.at("account")] = row.at("total_bytes").get<std::uint64_t>();
        return sums;
    }
    [[nodiscard]] bool is_booked(const BytesByAccount& wanted) const {
        return support::wait_until([&] { return booked() == wanted; }, patience);
    }
    void expect_sound() const {
        EXPECT_EQ(support::run(octroi(ledger_, {"audit"})).status, 0);
        const json rebooked = ask({"rebook"});
        EXPECT_EQ(rebooked.at("corrections"), 0) << rebooked;
        EXPECT_TRUE(ask({"meters", "--losses"}).empty());
    }

    const BytesByAccount unknown_{{"@unattributed", buckets* bytes_of_a_bucket}};
    const BytesByAccount known_{{"alice", buckets / 2 * bytes_of_a_bucket},
                                {"bob", buckets / 2 * bytes_of_a_bucket}};
    const Folder folder_;
    const std::string ledger_ = folder_ / "ledger.db";
    const std::string config_ = folder_ / "octroi.toml";
    const std::string traffic_ = folder_ / "traffic.log";
    const std::string people_ = folder_ / "people.log";
    std::unique_ptr<Process> daemon_;
    std::int64_t begin_ = 0;
};

TEST_F(LateIdentitiesTest, MoveTrafficThatTheDaemonHasCommitted) {
    start();
    write_traffic();
    ASSERT_TRUE(is_booked(unknown_)) << json(booked()) << daemon_->err_so_far();
    write_people();
    EXPECT_TRUE(is_booked(known_)) << json(booked()) << daemon_->err_so_far();
    stop();
    EXPECT_EQ(booked(), known_);
    expect_sound();
}

TEST_F(LateIdentitiesTest, MoveItOnceHoweverOftenTheDaemonIsKilled) {
    start();
    write_traffic();
    ASSERT_TRUE(is_booked(unknown_)) << json(booked()) << daemon_->err_so_far();
    write_people();
    std::mt19937 random(20261201);
    for (int i = 0; i < 4; ++i) {
        support::pass(std::chrono::milliseconds(random() % 12'000));
        kill();
        start();
    }
    EXPECT_TRUE(is_booked(known_)) << json(booked()) << daemon_->err_so_far();
    stop();
    EXPECT_EQ(booked(), known_);
    expect_sound();
}

// Statements that are there when the traffic comes need no correction.
TEST_F(LateIdentitiesTest, LeaveTrafficThatKnewThem) {
    start();
    write_people();
    ASSERT_TRUE(support::wait_until(
        [&] { return ask({"who", "10.1.2.3", "--history"}).size() >= 2; }, patience));
    support::pass(std::chrono::seconds(2));  // the daemon looks for new statements each second
    write_traffic();
    EXPECT_TRUE(is_booked(known_)) << json(booked()) << daemon_->err_so_far();
    stop();
    expect_sound();
}

}  // namespace
}  // namespace octroi
