// SPDX-License-Identifier: GPL-3.0-or-later
// The meter of interfaces against the kernel's own counters, over a kill, and listings that real
// programs make.

#include <gtest/gtest.h>
#include <unistd.h>

#include <fstream>
#include <memory>
#include <nlohmann/json.hpp>

#include "support/netns.hpp"
#include "support/process.hpp"
#include "wire/counters/net_dev.hpp"

namespace octroi {
namespace {

using nlohmann::json;
using support::Arguments;
using support::Ended;
using support::Folder;
using support::Process;

struct Traffic {
    std::uint64_t in = 0;
    std::uint64_t out = 0;
    bool operator==(const Traffic&) const = default;
};

// Two namespaces joined by a veth pair; the daemon runs in `near`.
class CountersTest : public testing::Test {
protected:
    void SetUp() override {
        if (::geteuid() != 0) GTEST_SKIP() << "needs root for network namespaces";
        for (const std::string& space : {near_, far_})
            if (const std::string why = support::add_netns(space); !why.empty())
                GTEST_SKIP() << why;
        must({"ip", "link", "add", "cnear", "netns", near_, "type", "veth", "peer", "name", "cfar",
              "netns", far_});
        configure(near_, "cnear", "10.78.0.1/24");
        configure(far_, "cfar", "10.78.0.2/24");
        // Until the counters rest: only traffic of the test is counted.
        Traffic before{1, 1};
        ASSERT_TRUE(support::wait_until(
            [&] {
                support::pass(std::chrono::milliseconds(100));
                return std::exchange(before, kernel()) == before;
            },
            std::chrono::seconds(10)));
        std::ofstream(config_)
            << "[ledger]\ncommit_interval = \"1s\"\n[[meter]]\nname = \"links\"\n"
               "kind = \"interfaces\"\npoll = \"100ms\"\n";
    }
    void TearDown() override {
        daemon_.reset();
        support::remove_netns(near_);
        support::remove_netns(far_);
    }
    static void must(const Arguments& arguments) {
        const Ended ended = support::run(arguments);
        ASSERT_EQ(ended.status, 0) << arguments[0] << " " << arguments[1] << ": " << ended.err;
    }
    static Arguments in(const std::string& space, Arguments arguments) {
        return support::in_netns(space, std::move(arguments));
    }
    static void configure(const std::string& space, const std::string& link,
                          const std::string& address) {
        must(in(space, {"sysctl", "-qw", "net.ipv6.conf." + link + ".disable_ipv6=1"}));
        must({"ip", "-n", space, "addr", "add", address, "dev", link});
        must({"ip", "-n", space, "link", "set", "lo", "up"});
        must(support::without_probes(space, link));
        must({"ip", "-n", space, "link", "set", link, "up"});
    }
    [[nodiscard]] Traffic kernel() const {
        const Ended listed = support::run(in(near_, {"cat", "/proc/net/dev"}));
        for (const auto& row : counters::parse_net_dev(listed.out))
            if (row.name == "cnear") return {row.rx_bytes, row.tx_bytes};
        return {};
    }
    void start() {
        daemon_ = std::make_unique<Process>(
            in(near_, support::octroi(ledger_, {"--config", config_, "run"})));
        ASSERT_TRUE(support::wait_until([&] { return batches() > 0; }, std::chrono::seconds(20)))
            << daemon_->err_so_far();
    }
    void kill() {
        daemon_->signal(SIGKILL);
        (void)daemon_->wait();
    }
    void stop() {
        daemon_->signal(SIGTERM);
        const Ended ended = daemon_->wait();
        EXPECT_EQ(ended.status, 0) << ended.err;
    }
    [[nodiscard]] json ask(Arguments arguments) const {
        arguments.insert(arguments.begin(), "--json");
        return json::parse(support::run(support::octroi(ledger_, std::move(arguments))).out,
                           nullptr, false);
    }
    [[nodiscard]] std::uint64_t batches() const {
        const json rows = ask({"meters"});
        return rows.is_array() && !rows.empty() ? rows[0].value("batches", std::uint64_t{0}) : 0;
    }
    [[nodiscard]] Traffic booked() const {
        Traffic sum;
        for (const json& row : ask({"usage", "--by", "identity"}).value("rows", json::array())) {
            if (row.value("identity", "") != "interface cnear") continue;
            sum.in += row.value("received_bytes", std::uint64_t{0});
            sum.out += row.value("sent_bytes", std::uint64_t{0});
        }
        return sum;
    }
    [[nodiscard]] Process talk(int seconds) const {
        return Process(in(
            near_, {"ping", "-q", "-f", "-s", "1000", "-w", std::to_string(seconds), "10.78.0.2"}));
    }

    const std::string near_ = "octroi-cn" + std::to_string(::getpid());
    const std::string far_ = "octroi-cf" + std::to_string(::getpid());
    const Folder folder_;
    const std::string ledger_ = folder_ / "ledger.db";
    const std::string config_ = folder_ / "octroi.toml";
    std::unique_ptr<Process> daemon_;
};

// FEATURES N19, and kills in the middle: 10 readings a second while traffic flows.
TEST_F(CountersTest, KillsAndReadingsDuringTrafficCountEachFrameOnce) {
    const Traffic before = kernel();
    start();
    for (int i = 0; i < 3; ++i) {
        Process traffic = talk(4);
        support::pass(std::chrono::milliseconds(1500 + 300 * i));
        kill();
        support::pass(std::chrono::milliseconds(500));
        start();
        (void)traffic.wait();
    }
    stop();
    const Traffic after = kernel();
    const Traffic truth{after.in - before.in, after.out - before.out};
    EXPECT_GT(truth.in, 1'000'000U);
    EXPECT_EQ(booked().in, truth.in);
    EXPECT_EQ(booked().out, truth.out);
    EXPECT_EQ(support::run(support::octroi(ledger_, {"audit"})).status, 0);
    EXPECT_TRUE(ask({"meters", "--losses"}).empty());
}

TEST_F(CountersTest, ADeletedInterfaceIsALoss) {
    start();
    Process traffic = talk(1);
    (void)traffic.wait();
    must(in(near_, {"ip", "link", "del", "cnear"}));
    support::pass(std::chrono::milliseconds(500));
    stop();
    EXPECT_GT(booked().in, 0U);
    const json losses = ask({"meters", "--losses"});
    ASSERT_EQ(losses.size(), 2U) << losses;
    EXPECT_EQ(losses[0].value("reason", ""), "counter-reset");
}

// The listings of the programs of this machine, of a chain that counts pings of a user.
TEST_F(CountersTest, ListingsOfRealProgramsHaveTheKernelsCounts) {
    must(
        in(near_, {"iptables", "-A", "OUTPUT", "-m", "owner", "--uid-owner", "0", "-j", "ACCEPT"}));
    must(in(near_, {"ping", "-q", "-c", "10", "-i", "0.01", "-s", "1000", "10.78.0.2"}));
    const auto inspect = [&](const std::string& name, const Arguments& program) {
        const Ended made = support::run(in(near_, program));
        EXPECT_EQ(made.status, 0) << made.err;
        std::ofstream(folder_ / name) << made.out;
        const json rows = ask({"inspect", "counters", folder_ / name});
        std::uint64_t bytes = 0;
        std::uint64_t packets = 0;
        for (const json& row : rows) {
            if (row.value("form", "") != "rule") continue;
            bytes += row.value("bytes", std::uint64_t{0});
            packets += row.value("packets", std::uint64_t{0});
        }
        EXPECT_EQ(packets, 10U) << name << ": " << made.out;
        EXPECT_EQ(bytes, 10'280U) << name << ": " << made.out;
    };
    inspect("save", {"iptables-save", "-c"});
    inspect("list", {"iptables", "-nvxL", "OUTPUT"});
    inspect("rules", {"iptables", "-vS", "OUTPUT"});
    inspect("nft", {"nft", "-j", "list", "ruleset"});
}

}  // namespace
}  // namespace octroi
