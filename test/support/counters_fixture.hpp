// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

// Two namespaces with a cable between them, and a daemon in one of them.

#include <gtest/gtest.h>
#include <unistd.h>

#include <algorithm>
#include <chrono>
#include <csignal>
#include <cstdint>
#include <fstream>
#include <memory>
#include <nlohmann/json.hpp>
#include <string>
#include <utility>

#include "support/netns.hpp"
#include "support/process.hpp"
#include "wire/counters/net_dev.hpp"

namespace octroi {

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
class CountersFixture : public ::testing::Test {
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
        configure_daemon("[[meter]]\nname = \"links\"\nkind = \"interfaces\"\npoll = \"100ms\"\n");
    }
    void configure_daemon(const std::string& meters) const {
        std::ofstream(config_) << "[ledger]\ncommit_interval = \"1s\"\n" << meters;
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
    // Until each of so many meters has committed.
    void start(std::size_t meters = 1) {
        daemon_ = std::make_unique<Process>(
            in(near_, support::octroi(ledger_, {"--config", config_, "run"})));
        ASSERT_TRUE(support::wait_until([&] { return committed_meters() >= meters; }, patience))
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
    [[nodiscard]] std::size_t committed_meters() const {
        const json rows = ask({"meters"});
        return static_cast<std::size_t>(std::ranges::count_if(rows, [](const json& row) {
            return row.is_object() && row.value("batches", std::uint64_t{0}) > 0;
        }));
    }
    [[nodiscard]] Traffic booked(const std::string& identity = "interface cnear") const {
        Traffic sum;
        for (const json& row : ask({"usage", "--by", "identity"}).value("rows", json::array())) {
            if (row.value("identity", "") != identity) continue;
            sum.in += row.value("received_bytes", std::uint64_t{0});
            sum.out += row.value("sent_bytes", std::uint64_t{0});
        }
        return sum;
    }
    [[nodiscard]] Process talk(int seconds) const {
        return Process(in(
            near_, {"ping", "-q", "-f", "-s", "1000", "-w", std::to_string(seconds), "10.78.0.2"}));
    }

    static constexpr std::chrono::seconds patience{20};
    const std::string near_ = "octroi-cn" + std::to_string(::getpid());
    const std::string far_ = "octroi-cf" + std::to_string(::getpid());
    const Folder folder_;
    const std::string ledger_ = folder_ / "ledger.db";
    const std::string config_ = folder_ / "octroi.toml";
    std::unique_ptr<Process> daemon_;
};

}  // namespace octroi
