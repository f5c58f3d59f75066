// SPDX-License-Identifier: GPL-3.0-or-later
// A running daemon follows a log of traffic and a log of identities. Traffic is committed, then its
// late statement arrives: the usage moves by itself, also if the daemon is killed in between.

#include <fmt/format.h>
#include <gtest/gtest.h>

#include <fstream>
#include <map>
#include <memory>
#include <nlohmann/json.hpp>
#include <random>

#include "ledger/audit.hpp"
#include "store/sqlite/sqlite_ledger.hpp"
#include "support/process.hpp"

namespace octroi {
namespace {

using support::Arguments;
using support::Ended;
using support::octroi;
using support::Process;

constexpr std::int64_t noon = 1'767'268'800;  // 2026-01-01T12:00:00Z
constexpr std::uint64_t line_bytes = 1000;
constexpr std::uint64_t lines = 120;  // one each 20 seconds, so 40 minutes

using Bytes = std::map<std::string, std::uint64_t>;

class LiveIdentitiesTest : public ::testing::Test {
protected:
    void SetUp() override {
        std::ofstream config(config_);
        config << "[ledger]\ncommit_interval = \"1s\"\n[attribute]\nlocal = [\"10.0.0.0/8\"]\n";
        for (const auto& [name, log] : {std::pair{"traffic", traffic_}, {"names", identities_}}) {
            config << fmt::format(
                "[[meter]]\nname = \"{}\"\nkind = \"packet-log\"\npaths = [\"{}\"]\n"
                "format = \"trafficwatch\"\npoll = \"100ms\"\n",
                name, log);
            std::ofstream(log).flush();
        }
        config.close();
        for (const char* user : {"alice", "bob"}) {
            must({"account", "add", user});
            must({"bind", "user", user, user});
        }
        start();
    }
    void must(const Arguments& arguments) const {
        const Ended ended = support::run(octroi(ledger_, arguments));
        ASSERT_EQ(ended.status, 0) << ended.out << ended.err;
    }
    void start() {
        daemon_ = std::make_unique<Process>(octroi(ledger_, {"--config", config_, "run"}));
        ASSERT_TRUE(support::wait_until(
            [&] { return daemon_->err_so_far().find("Ctrl-C") != std::string::npos; },
            std::chrono::seconds(30)))
            << daemon_->err_so_far();
    }
    void kill() {
        daemon_->signal(SIGKILL);
        EXPECT_EQ(daemon_->wait().status, 128 + SIGKILL);
    }
    void write_traffic() const {
        std::ofstream log(traffic_, std::ios::app);
        for (std::uint64_t i = 0; i < lines; ++i)
            log << fmt::format("{} - - 10.1.2.3 198.51.100.1 {} 0\n",
                               noon + static_cast<std::int64_t>(20 * i), line_bytes);
    }
    // From then on the user holds 10.1.2.3.
    void state(std::int64_t second, const std::string& user) const {
        std::ofstream(identities_, std::ios::app)
            << fmt::format("{} {} - 10.1.2.3\n", second, user);
    }
    [[nodiscard]] nlohmann::json json_of(Arguments arguments) const {
        arguments.insert(arguments.begin(), {"--config", config_, "--json"});
        const Ended ended = support::run(octroi(ledger_, arguments));
        EXPECT_EQ(ended.status, 0) << ended.err;
        return nlohmann::json::parse(ended.out, nullptr, false);
    }
    [[nodiscard]] Bytes usage() const {
        Bytes bytes;
        const nlohmann::json usage = json_of({"usage", "--by", "account"});
        for (const auto& row : usage.at("rows"))
            bytes[row.at("account")] = row.at("total_bytes").get<std::uint64_t>();
        return bytes;
    }
    [[nodiscard]] bool becomes(const Bytes& expected) const {
        return support::wait_until([&] { return usage() == expected; }, std::chrono::seconds(60));
    }
    [[nodiscard]] std::uint64_t events() const {
        const auto opened = SqliteLedger::open(ledger_, {.mode = OpenMode::read_only});
        return opened ? (*opened)->newest_identity().value_or(0) : 0;
    }
    [[nodiscard]] bool has_events(std::uint64_t count) const {
        return support::wait_until([&] { return events() >= count; }, std::chrono::seconds(30));
    }
    void stop_and_audit() {
        daemon_->signal(SIGTERM);
        const Ended ended = daemon_->wait();
        EXPECT_EQ(ended.status, 0) << ended.err;
        EXPECT_EQ(json_of({"rebook"}).at("corrections"), 0) << "nothing was left for the command";
        const auto opened = SqliteLedger::open(ledger_, {.mode = OpenMode::read_only});
        ASSERT_TRUE(opened.has_value());
        const auto report = audit(**opened);
        ASSERT_TRUE(report.has_value()) << report.error().text;
        for (const AuditFinding& finding : report->findings) ADD_FAILURE() << finding.text;
    }

    const support::Folder folder_;
    const std::string ledger_ = folder_ / "ledger.db";
    const std::string config_ = folder_ / "octroi.toml";
    const std::string traffic_ = folder_ / "traffic.log";
    const std::string identities_ = folder_ / "identities.log";
    std::unique_ptr<Process> daemon_;
};

constexpr std::uint64_t all = lines * line_bytes;
constexpr std::uint64_t half = all / 2;

TEST_F(LiveIdentitiesTest, ALateStatementMovesCommittedTrafficByItself) {
    write_traffic();
    ASSERT_TRUE(becomes({{"@unattributed", all}})) << daemon_->err_so_far();
    state(noon - 3600, "alice");
    EXPECT_TRUE(becomes({{"alice", all}})) << daemon_->err_so_far();
    EXPECT_NE(daemon_->err_so_far().find("late statements of who held an address"),
              std::string::npos)
        << daemon_->err_so_far();
    state(noon + 1200, "bob");
    EXPECT_TRUE(becomes({{"alice", half}, {"bob", half}})) << daemon_->err_so_far();
    stop_and_audit();
}

// The daemon looks for late statements every ten seconds: some kills hit its correction.
TEST_F(LiveIdentitiesTest, KillsBetweenStatementAndCorrectionChangeNothing) {
    write_traffic();
    ASSERT_TRUE(becomes({{"@unattributed", all}})) << daemon_->err_so_far();
    state(noon - 3600, "alice");
    ASSERT_TRUE(has_events(1));
    kill();
    EXPECT_EQ(usage(), (Bytes{{"@unattributed", all}})) << "the correction was not made yet";
    std::mt19937_64 random(20260101);
    for (int kills = 0; kills < 3; ++kills) {
        start();
        support::pass(std::chrono::microseconds(9'700'000 + random() % 600'000));
        kill();
    }
    start();
    EXPECT_TRUE(becomes({{"alice", all}})) << daemon_->err_so_far();
    state(noon + 1200, "bob");
    ASSERT_TRUE(has_events(2));
    kill();
    start();
    EXPECT_TRUE(becomes({{"alice", half}, {"bob", half}})) << daemon_->err_so_far();
    stop_and_audit();
}

}  // namespace
}  // namespace octroi
