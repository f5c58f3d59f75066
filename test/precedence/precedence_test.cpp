// SPDX-License-Identifier: GPL-3.0-or-later
// A router that counts packets and the log of a proxy that states the same bytes: one of the two is
// charged. Real traffic in network namespaces, against the counters of nft.

#include <gtest/gtest.h>

#include <chrono>
#include <csignal>
#include <fstream>
#include <map>
#include <nlohmann/json.hpp>
#include <string>

#include "store/sqlite/sqlite_ledger.hpp"
#include "support/network.hpp"

namespace octroi {
namespace {

using nlohmann::json;
using support::Arguments;
using support::Ended;
using support::Folder;
using support::Network;
using support::octroi;
using support::Process;

constexpr std::uint64_t download_octets = 2'000'000;
constexpr std::uint64_t logged_octets = download_octets + 300;  // with the headers of the answer

enum class Meters { packets, log, both };

class PrecedenceOfARun {
public:
    PrecedenceOfARun(const Network& network, Meters meters, const std::string& precedence)
        : network_(network) {
        std::ofstream config(config_);
        config << "[ledger]\ncommit_interval = \"1s\"\n[attribute]\nlocal = [\"10.78.1.0/24\"]\n";
        if (meters != Meters::log)
            config << "[[meter]]\nname = \"router\"\nkind = \"capture\"\ninterfaces = [\"lan\"]\n"
                   << "filter = \"tcp\"\n";
        if (meters != Meters::packets)
            config << "[[meter]]\nname = \"proxy\"\nkind = \"log\"\npaths = [\"" << log_
                   << "\"]\nformat = \"squid\"\npoll = \"100ms\"\n";
        if (meters == Meters::both)
            config << "addresses = [\"10.78.2.2\"]\nsame_bytes_as = [\"router\"]\nprecedence = \""
                   << precedence << "\"\n";
    }

    void run() {
        must({"account", "add", "alice"});
        must({"bind", "10.78.1.2", "alice"});
        must({"bind", "user alice", "alice"});
        const Network::Counts before = network_.counted();
        Process daemon(
            Network::in(network_.router(), octroi(ledger_, {"--config", config_, "run"})));
        ASSERT_TRUE(support::wait_until(
            [&] { return daemon.err_so_far().find("Ctrl-C") != std::string::npos; },
            std::chrono::seconds(30)))
            << daemon.err_so_far();
        network_.transfer("10.78.2.2", download_octets, true);
        write_line();
        support::pass(std::chrono::milliseconds(1500));
        daemon.signal(SIGTERM);
        const Ended ended = daemon.wait();
        ASSERT_EQ(ended.status, 0) << ended.err;
        const Network::Counts after = network_.counted();
        carried = after.down.bytes - before.down.bytes + after.up.bytes - before.up.bytes;
        EXPECT_EQ(support::run(octroi(ledger_, {"audit"})).status, 0);
        sum();
    }
    // Rows of `octroi reconcile`.
    [[nodiscard]] json reconciled(const Arguments& options = {}) const {
        Arguments arguments{"--config", config_, "--json", "reconcile"};
        arguments.insert(arguments.end(), options.begin(), options.end());
        const Ended ended = support::run(octroi(ledger_, arguments));
        EXPECT_EQ(ended.status, 0) << ended.err;
        return json::parse(ended.out, nullptr, false);
    }

    std::uint64_t carried = 0;  // by the network, as nft counted it
    // Bytes that alice is charged for, and those of a witness and of duplicates.
    std::map<Layer, std::uint64_t> charged;
    std::map<Layer, std::uint64_t> witnessed;
    std::uint64_t duplicates = 0;

private:
    void must(Arguments arguments) const { Network::must(octroi(ledger_, std::move(arguments))); }
    // As Squid does when a request has ended: time, milliseconds, client, result, octets to the
    // client, method, URL, user, server, type.
    void write_line() const {
        const auto now = std::chrono::system_clock::now().time_since_epoch();
        const auto ms = std::chrono::duration_cast<std::chrono::milliseconds>(now).count();
        std::ofstream(log_, std::ios::app)
            << ms / 1000 << "." << 100 + ms % 900 << "    200 10.78.1.2 TCP_MISS/200 "
            << logged_octets << " GET http://www.example.org/ alice HIER_DIRECT/203.0.113.9 "
            << "text/html\n";
    }
    void sum() {
        const auto ledger = SqliteLedger::open(ledger_, {.mode = OpenMode::read_only});
        ASSERT_TRUE(ledger.has_value()) << ledger.error().text;
        const auto sums = (*ledger)->sums({.by_meter = true});
        ASSERT_TRUE(sums.has_value()) << sums.error().text;
        for (const TransferSum& sum : *sums) {
            const std::uint64_t bytes = sum.volume.bytes.value();
            if (sum.from.kind == PartyKind::excluded) {
                EXPECT_EQ(sum.from.name, "duplicate");
                duplicates += bytes;
            } else {
                EXPECT_TRUE(sum.from.name == "alice" || sum.to.name == "alice");
                (sum.role == MeterRole::bill ? charged : witnessed)[sum.layer] += bytes;
            }
        }
    }

    const Network& network_;
    const Folder folder_;
    const std::string ledger_ = folder_ / "ledger.db";
    const std::string config_ = folder_ / "octroi.toml";
    const std::string log_ = folder_ / "access.log";
};

class PrecedenceTest : public testing::Test {
protected:
    void SetUp() override {
        if (!network_.missing().empty()) GTEST_SKIP() << network_.missing();
        network_.routed();
        network_.count_at("lan");
    }

    Network network_;
};

TEST_F(PrecedenceTest, OfThePacketsMakesTheSameBillWithAndWithoutTheLog) {
    PrecedenceOfARun alone(network_, Meters::packets, "");
    alone.run();
    EXPECT_EQ(alone.charged[Layer::ip], alone.carried);
    PrecedenceOfARun both(network_, Meters::both, "packets");
    both.run();
    EXPECT_GT(both.carried, download_octets);
    EXPECT_EQ(both.charged[Layer::ip], both.carried);
    EXPECT_EQ(both.charged[Layer::application], 0U);
    EXPECT_EQ(both.witnessed[Layer::application], logged_octets);
    EXPECT_EQ(both.duplicates, 0U);
}

TEST_F(PrecedenceTest, OfTheLogMakesTheSameBillWithAndWithoutThePackets) {
    PrecedenceOfARun alone(network_, Meters::log, "");
    alone.run();
    EXPECT_EQ(alone.charged[Layer::application], logged_octets);
    PrecedenceOfARun both(network_, Meters::both, "log");
    both.run();
    EXPECT_EQ(both.charged[Layer::application], logged_octets);
    EXPECT_EQ(both.charged[Layer::ip], 0U);
    EXPECT_EQ(both.duplicates, both.carried) << "each packet is excluded, none is lost";
    const json rows = both.reconciled();
    ASSERT_EQ(rows.size(), 1U) << rows;
    EXPECT_EQ(rows[0].value("packet_bytes", std::uint64_t{0}), both.carried);
    EXPECT_EQ(rows[0].value("log_bytes", std::uint64_t{0}), logged_octets);
    const auto gap = rows[0].value("gap_bytes", std::uint64_t{0});
    EXPECT_EQ(gap, both.carried - logged_octets) << "a log is a lower bound";
    const json shares = both.reconciled({"--spread"});
    ASSERT_EQ(shares.size(), 1U) << shares;
    EXPECT_EQ(shares[0].value("account", ""), "alice");
    EXPECT_EQ(shares[0].value("spread_bytes", std::uint64_t{0}), gap);
    EXPECT_TRUE(shares[0].value("is_approximation", false));
}

}  // namespace
}  // namespace octroi
