// SPDX-License-Identifier: GPL-3.0-or-later
// `octroi run` with the kernel's packet log on a router, against the counters of nft. Real
// namespaces, IPv4 and IPv6, with address translation.

#include <gtest/gtest.h>

#include <chrono>
#include <fstream>
#include <memory>

#include "store/sqlite/sqlite_ledger.hpp"
#include "support/network.hpp"

namespace octroi {
namespace {

using support::Arguments;
using support::Ended;
using support::Folder;
using support::Network;
using support::octroi;
using support::Process;
using Count = Network::Count;

class NflogTest : public testing::Test {
protected:
    void SetUp() override {
        if (!network_.missing().empty()) GTEST_SKIP() << network_.missing();
        network_.routed();
        network_.masquerade();
    }
    // Each packet that is forwarded is logged and counted by one rule.
    void log_forwarded() const {
        const std::string rules = folder_ / "log.nft";
        std::ofstream(rules) << "table inet watch {\n counter forwarded {\n }\n chain forward {\n"
                                "  type filter hook forward priority 10; policy accept;\n"
                                "  meta l4proto { tcp, udp } counter name forwarded log group 5\n"
                                " }\n}\n";
        Network::must(network_.in(network_.router(), {"nft", "-f", rules}));
    }
    [[nodiscard]] Count counted() const {
        const Ended listed = support::run(network_.in(
            network_.router(), {"nft", "list", "counter", "inet", "watch", "forwarded"}));
        Count count;
        const auto number_behind = [&](const std::string& word) {
            const std::size_t at = listed.out.find(word + " ");
            return at == std::string::npos ? 0 : std::stoull(listed.out.substr(at + word.size()));
        };
        count.packets = number_behind("packets");
        count.bytes = number_behind("bytes");
        return count;
    }
    [[nodiscard]] std::unique_ptr<Process> start(const std::string& options = "") const {
        const std::string config = folder_ / "octroi.toml";
        std::ofstream(config) << "[[meter]]\nname = \"log\"\nkind = \"nflog\"\ngroup = 5\n"
                              << options;
        auto daemon = std::make_unique<Process>(
            network_.in(network_.router(), octroi(ledger_, {"--config", config, "run"})));
        EXPECT_TRUE(support::wait_until(
            [&] { return daemon->err_so_far().find("Ctrl-C") != std::string::npos; },
            std::chrono::seconds(20)))
            << daemon->err_so_far();
        return daemon;
    }
    void stop(Process& daemon) const {
        support::pass(std::chrono::milliseconds(300));
        daemon.signal(SIGINT);
        const Ended ended = daemon.wait();
        EXPECT_EQ(ended.status, 0) << ended.err;
        EXPECT_EQ(support::run(octroi(ledger_, {"audit"})).status, 0);
    }
    [[nodiscard]] Count booked(const std::string& account = "") const {
        Count count;
        const auto ledger = SqliteLedger::open(ledger_, {.mode = OpenMode::read_only});
        EXPECT_TRUE(ledger.has_value()) << ledger.error().text;
        const auto all = (*ledger)->sums({});
        for (const TransferSum& sum : *all) {
            EXPECT_NE(sum.from.kind, PartyKind::excluded) << sum.from.name;
            if (!account.empty() && sum.from.name != account && sum.to.name != account) continue;
            count.bytes += sum.volume.bytes.value();
            count.packets += sum.volume.packets.value();
        }
        return count;
    }
    [[nodiscard]] std::uint64_t lost(LossReason reason) const {
        const auto ledger = SqliteLedger::open(ledger_, {.mode = OpenMode::read_only});
        std::uint64_t packets = 0;
        const auto losses = (*ledger)->losses({UtcTime::min(), UtcTime::max()});
        for (const MeterLoss& each : *losses)
            if (each.loss.reason == reason) packets += each.loss.packets.value_or(0);
        return packets;
    }

    Network network_;
    const Folder folder_;
    const std::string ledger_ = folder_ / "ledger.db";
};

TEST_F(NflogTest, CountsWhatTheRulesLogAtTheInnerAddress) {
    Network::must(octroi(ledger_, {"account", "add", "chem"}));
    Network::must(octroi(ledger_, {"bind", "10.78.1.2", "chem"}));
    Network::must(octroi(ledger_, {"bind", "fd78:1::2", "chem"}));
    log_forwarded();
    const auto daemon = start();
    for (const char* const at : {"10.78.2.2", "fd78:2::2"}) {
        network_.transfer(at, 1'000'000, true);
        network_.transfer(at, 500'000, false);
    }
    stop(*daemon);
    EXPECT_GT(counted().bytes, 3'000'000U);
    EXPECT_EQ(booked(), counted());
    EXPECT_EQ(booked("chem"), counted()) << "its address before the translation";
    EXPECT_EQ(lost(LossReason::event_drop), 0U);
}

// A process that does not read for a while: what the buffer cannot keep is known to the packet.
TEST_F(NflogTest, LostMessagesAndTheLedgerAreAllThatWasLogged) {
    log_forwarded();
    const auto daemon = start("buffer_size = \"64 KiB\"\n");
    network_.transfer("10.78.2.2", 100'000, true);
    daemon->signal(SIGSTOP);
    network_.transfer("10.78.2.2", 5'000'000, true);
    daemon->signal(SIGCONT);
    support::pass(std::chrono::milliseconds(300));
    // The number of a later message shows how many are missing before it.
    network_.transfer("10.78.2.2", 100'000, true);
    stop(*daemon);
    EXPECT_GT(lost(LossReason::event_drop), 0U);
    EXPECT_EQ(booked().packets + lost(LossReason::event_drop), counted().packets);
}

TEST_F(NflogTest, AGroupThatIsTakenIsRefusedByName) {
    const auto daemon = start();
    const std::string config = folder_ / "octroi.toml";
    const Ended second = support::run(
        network_.in(network_.router(), octroi(folder_ / "other.db", {"--config", config, "run"})));
    EXPECT_EQ(second.status, 1);
    EXPECT_NE(second.err.find("group 5"), std::string::npos) << second.err;
    EXPECT_NE(second.err.find("another program reads this group"), std::string::npos) << second.err;
    stop(*daemon);
}

}  // namespace
}  // namespace octroi
