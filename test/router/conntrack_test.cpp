// SPDX-License-Identifier: GPL-3.0-or-later
// `octroi run` with the kernel's connection tracking on a router, against the counters of nft. Real
// namespaces, IPv4 and IPv6, with address translation.

#include <gtest/gtest.h>

#include <chrono>
#include <fstream>
#include <memory>
#include <thread>

#include "store/sqlite/sqlite_ledger.hpp"
#include "support/network.hpp"

namespace octroi {
namespace {

using support::Ended;
using support::Folder;
using support::Network;
using support::octroi;
using support::Process;
using Count = Network::Count;

class ConntrackTest : public testing::Test {
protected:
    void SetUp() override {
        if (!network_.missing().empty()) GTEST_SKIP() << network_.missing();
        network_.routed();
        network_.masquerade();
        const std::string rules = folder_ / "count.nft";
        std::ofstream(rules) << "table inet watch {\n counter forwarded {\n }\n chain forward {\n"
                                "  type filter hook forward priority 10; policy accept;\n"
                                "  meta l4proto tcp counter name forwarded\n }\n}\n";
        Network::must(network_.in(network_.router(), {"nft", "-f", rules}));
        Network::must(
            network_.in(network_.router(), {"sysctl", "-qw", "net.netfilter.nf_conntrack_acct=1"}));
        Network::must(octroi(ledger_, {"account", "add", "chem"}));
        Network::must(octroi(ledger_, {"bind", "10.78.1.2", "chem"}));
        Network::must(octroi(ledger_, {"bind", "fd78:1::2", "chem"}));
    }
    [[nodiscard]] Count counted() const {
        const Ended listed = support::run(network_.in(
            network_.router(), {"nft", "list", "counter", "inet", "watch", "forwarded"}));
        const auto number_behind = [&](const std::string& word) -> std::uint64_t {
            const std::size_t at = listed.out.find(word + " ");
            return at == std::string::npos ? 0 : std::stoull(listed.out.substr(at + word.size()));
        };
        return {number_behind("bytes"), number_behind("packets")};
    }
    [[nodiscard]] std::unique_ptr<Process> start() const {
        const std::string config = folder_ / "octroi.toml";
        std::ofstream(config) << "[[meter]]\nname = \"connections\"\nkind = \"conntrack\"\n"
                                 "poll = \"1s\"\n";
        auto daemon = std::make_unique<Process>(
            network_.in(network_.router(), octroi(ledger_, {"--config", config, "run"})));
        EXPECT_TRUE(support::wait_until(
            [&] { return daemon->err_so_far().find("Ctrl-C") != std::string::npos; },
            std::chrono::seconds(20)))
            << daemon->err_so_far();
        return daemon;
    }
    void stop(Process& daemon) const {
        support::pass(std::chrono::milliseconds(2500));
        daemon.signal(SIGINT);
        const Ended ended = daemon.wait();
        EXPECT_EQ(ended.status, 0) << ended.err;
        EXPECT_EQ(support::run(octroi(ledger_, {"audit"})).status, 0);
    }
    // TCP only: neighbour discovery is tracked too.
    [[nodiscard]] Count booked() const {
        Count count;
        const auto ledger = SqliteLedger::open(ledger_, {.mode = OpenMode::read_only});
        EXPECT_TRUE(ledger.has_value()) << ledger.error().text;
        const auto all = (*ledger)->sums({});
        for (const TransferSum& sum : *all) {
            if (sum.from.name != "chem" && sum.to.name != "chem") continue;
            count.bytes += sum.volume.bytes.value();
            count.packets += sum.volume.packets.value();
        }
        return count;
    }

    Network network_;
    const Folder folder_;
    const std::string ledger_ = folder_ / "ledger.db";
};

TEST_F(ConntrackTest, CountsAsNftablesDoesAtTheInnerAddress) {
    const auto daemon = start();
    support::pass(std::chrono::milliseconds(1500));
    for (const char* const at : {"10.78.2.2", "fd78:2::2"}) {
        network_.transfer(at, 1'000'000, true);
        network_.transfer(at, 500'000, false);
    }
    stop(*daemon);
    EXPECT_GT(counted().bytes, 3'000'000U);
    EXPECT_EQ(booked(), counted());
}

// The state file of the last commit states what of the connection is in the ledger.
TEST_F(ConntrackTest, ATransferDuringAKillCountsOnce) {
    auto daemon = start();
    support::pass(std::chrono::milliseconds(1500));
    std::jthread transfer([&] { network_.transfer("10.78.2.2", 2'000'000'000, true); });
    const auto has_bytes = [&](std::uint64_t bytes) { return counted().bytes > bytes; };
    ASSERT_TRUE(
        support::wait_until([&] { return has_bytes(10'000'000); }, std::chrono::seconds(20)));
    daemon->signal(SIGKILL);
    (void)daemon->wait();
    const std::uint64_t at_kill = counted().bytes;
    EXPECT_LT(at_kill, 2'000'000'000U) << "the kill came after the transfer";
    daemon = start();
    transfer.join();
    stop(*daemon);
    EXPECT_EQ(booked(), counted());
}

}  // namespace
}  // namespace octroi
