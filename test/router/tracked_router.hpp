// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

// A daemon that meters the connections of a router, between a host and a server, and the counters
// of nft for the traffic that the router forwards.

#include <gtest/gtest.h>

#include <fcntl.h>
#include <sched.h>

#include <chrono>
#include <fstream>
#include <memory>
#include <thread>

#include "store/sqlite/sqlite_ledger.hpp"
#include "support/network.hpp"

namespace octroi::router_test {

using support::Network;

// Runs the function on a thread of its own in the network namespace. False: it cannot be entered.
template <typename Function>
bool in_namespace(const std::string& space, Function function) {
    bool entered = false;
    std::thread([&] {
        const Fd file(::open(("/run/netns/" + space).c_str(), O_RDONLY | O_CLOEXEC));
        entered = file.get() >= 0 && ::setns(file.get(), CLONE_NEWNET) == 0;
        if (entered) function();
    }).join();
    return entered;
}

class TrackedRouter : public testing::Test {
protected:
    using Count = Network::Count;

    void SetUp() override {
        if (!network_.missing().empty()) GTEST_SKIP() << network_.missing();
        network_.routed();
        // The counter of nft and connection tracking see the same packets.
        load(
            "table inet watch {\n counter forwarded {\n }\n chain forward {\n"
            "  type filter hook forward priority 10; policy accept;\n"
            "  meta l4proto { tcp, udp } counter name forwarded\n }\n}\n");
        set("net.netfilter.nf_conntrack_acct=1");
        Network::must(support::octroi(ledger_, {"account", "add", "chem"}));
        Network::must(support::octroi(ledger_, {"bind", "10.78.1.2", "chem"}));
        Network::must(support::octroi(ledger_, {"bind", "fd78:1::2", "chem"}));
    }
    // Rules of nft, in the router.
    void load(const std::string& rules) const {
        const std::string file = folder_ / "rules.nft";
        std::ofstream(file) << rules;
        Network::must(network_.in(network_.router(), {"nft", "-f", file}));
    }
    void set(const std::string& setting) const {
        Network::must(network_.in(network_.router(), {"sysctl", "-qw", setting}));
    }
    [[nodiscard]] Count counted() const {
        const support::Ended listed = support::run(network_.in(
            network_.router(), {"nft", "list", "counter", "inet", "watch", "forwarded"}));
        const auto number_behind = [&](const std::string& word) -> std::uint64_t {
            const std::size_t at = listed.out.find(word + " ");
            return at == std::string::npos ? 0 : std::stoull(listed.out.substr(at + word.size()));
        };
        return {number_behind("bytes"), number_behind("packets")};
    }
    // options: lines of [[meter]].
    [[nodiscard]] std::unique_ptr<support::Process> start(const std::string& options = "") const {
        const std::string config = folder_ / "octroi.toml";
        std::ofstream(config) << "[[meter]]\nname = \"connections\"\nkind = \"conntrack\"\n"
                                 "poll = \"1s\"\n"
                              << options;
        auto daemon = std::make_unique<support::Process>(
            network_.in(network_.router(), support::octroi(ledger_, {"--config", config, "run"})));
        EXPECT_TRUE(support::wait_until(
            [&] { return daemon->err_so_far().find("Ctrl-C") != std::string::npos; },
            std::chrono::seconds(20)))
            << daemon->err_so_far();
        return daemon;
    }
    void stop(support::Process& daemon) const {
        support::pass(std::chrono::milliseconds(2500));
        daemon.signal(SIGINT);
        const support::Ended ended = daemon.wait();
        EXPECT_EQ(ended.status, 0) << ended.err;
        EXPECT_EQ(support::run(support::octroi(ledger_, {"audit"})).status, 0);
    }
    // TCP and UDP of the host, at its inner addresses.
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
    const support::Folder folder_;
    const std::string ledger_ = folder_ / "ledger.db";
};

}  // namespace octroi::router_test
