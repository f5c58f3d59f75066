// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

// A network, a router with accounting rules, and a network far away, each in a network namespace.

#include <gtest/gtest.h>
#include <unistd.h>
#include <fstream>
#include <map>
#include <memory>
#include <nlohmann/json.hpp>
#include "support/netns.hpp"
#include "support/process.hpp"

namespace octroi::rules_test {

using nlohmann::json;
using support::Arguments;
using support::Ended;
using support::Folder;
using support::Process;

struct Count {
    std::uint64_t packets = 0;
    std::uint64_t bytes = 0;

    bool operator==(const Count&) const = default;
    friend std::ostream& operator<<(std::ostream& out, const Count& count) {
        return out << count.packets << " packets, " << count.bytes << " bytes";
    }
};

// Octets of an IPv4 header with one of UDP, or of an ICMP echo.
inline constexpr std::uint64_t headers = 28;

class RulesTest : public testing::Test {
protected:
    void SetUp() override {
        if (::geteuid() != 0) GTEST_SKIP() << "needs root for network namespaces";
        for (const std::string& space : {net_, router_, far_})
            if (const std::string why = support::add_netns(space); !why.empty())
                GTEST_SKIP() << why;
        join(net_, "eth0", "172.16.3.2/24", "inside", "172.16.3.1/24");
        join(far_, "eth0", "198.51.100.2/24", "ppp0", "198.51.100.1/24");
        must({"ip", "-n", net_, "route", "add", "default", "via", "172.16.3.1"});
        must({"ip", "-n", far_, "route", "add", "default", "via", "198.51.100.1"});
        must(in(router_, {"sysctl", "-qw", "net.ipv4.ip_forward=1"}));
        // No answers of closed ports: all traffic is that of the generator.
        for (const std::string& space : {net_, far_}) {
            must(in(space, {"nft", "add", "table", "inet", "quiet"}));
            must(in(space, {"nft", "add", "chain", "inet", "quiet", "in",
                            "{ type filter hook input priority 0; }"}));
            must(in(space, {"nft", "add", "rule", "inet", "quiet", "in", "meta", "l4proto", "udp",
                            "drop"}));
        }
    }
    void TearDown() override {
        for (const std::string& space : {net_, router_, far_}) support::remove_netns(space);
    }
    static void must(const Arguments& arguments) {
        const Ended ended = support::run(arguments);
        ASSERT_EQ(ended.status, 0) << arguments[0] << " " << arguments[1] << ": " << ended.err;
    }
    static Arguments in(const std::string& space, Arguments arguments) {
        return support::in_netns(space, std::move(arguments));
    }
    void join(const std::string& space, const std::string& link, const std::string& address,
              const std::string& router_link, const std::string& router_address) {
        must({"ip", "link", "add", link, "netns", space, "type", "veth", "peer", "name",
              router_link, "netns", router_});
        for (const auto& [where, name, own] :
             {std::tuple(space, link, address), {router_, router_link, router_address}}) {
            must(in(where, {"sysctl", "-qw", "net.ipv6.conf." + name + ".disable_ipv6=1"}));
            must({"ip", "-n", where, "addr", "add", own, "dev", name});
            must(support::without_probes(where, name));
            must({"ip", "-n", where, "link", "set", name, "up"});
        }
        must({"ip", "-n", space, "link", "set", "lo", "up"});
    }

    void write_config(const std::string& rules) const {
        std::ofstream(config_) << "[ledger]\ncommit_interval = \"1s\"\n"
                                  "[[meter]]\nname = \"rules\"\nkind = \"nftables\"\n"
                                  "poll = \"100ms\"\n"
                               << rules;
    }
    void start() {
        daemon_ = std::make_unique<Process>(command({"run"}));
        ASSERT_TRUE(support::wait_until(
            [&] { return daemon_->err_so_far().find("ends with Ctrl-C") != std::string::npos; },
            std::chrono::seconds(20)))
            << daemon_->err_so_far();
        // The first reading is where the figures begin.
        ASSERT_TRUE(support::wait_until(
            [&] {
                return support::run(command({"meters"})).out.find("rules") != std::string::npos;
            },
            std::chrono::seconds(20)));
    }
    void stop(int signal) {
        daemon_->signal(signal);
        (void)daemon_->wait();
        daemon_.reset();
    }
    [[nodiscard]] Arguments command(Arguments arguments) const {
        arguments.insert(arguments.begin(), {"--config", config_});
        return in(router_, support::octroi(ledger_, std::move(arguments)));
    }
    Ended octroi_must(Arguments arguments) const {
        Ended ended = support::run(command(std::move(arguments)));
        EXPECT_EQ(ended.status, 0) << ended.err << ended.out;
        return ended;
    }

    // UDP datagrams with this many octets of data each.
    static std::string sender(const std::string& to, int port, int count, int octets) {
        return "import socket,time\ns=socket.socket(socket.AF_INET,socket.SOCK_DGRAM)\n"
               "s.bind(('',4000))\n"
               "for i in range(" +
               std::to_string(count) +
               "):\n"
               "  s.sendto(b'x'*" +
               std::to_string(octets) + ",('" + to + "'," + std::to_string(port) +
               "))\n  if i%50==49: time.sleep(0.002)\n";
    }
    void send(const std::string& space, const std::string& to, int port, int count,
              int octets) const {
        must(in(space, {"python3", "-c", sender(to, port, count, octets)}));
    }
    void ping(int count, int octets) const {
        must(in(net_, {"ping", "-q", "-c", std::to_string(count), "-i", "0.02", "-s",
                       std::to_string(octets), "198.51.100.2"}));
    }

    // `octroi rules list`: by "rule direction".
    [[nodiscard]] std::map<std::string, Count> listed() const {
        const json rows = json::parse(octroi_must({"--json", "rules", "list"}).out);
        std::map<std::string, Count> counts;
        for (const json& row : rows) {
            Count& count =
                counts[row["rule"].get<std::string>() + " " + row["direction"].get<std::string>()];
            count.packets += row["packets"].get<std::uint64_t>();
            count.bytes += row["bytes"].get<std::uint64_t>();
        }
        return counts;
    }
    struct Booked {
        std::uint64_t sent = 0;
        std::uint64_t received = 0;
    };
    // Of the ledger, octets by identity.
    [[nodiscard]] std::map<std::string, Booked> booked() const {
        const json answer = json::parse(octroi_must({"--json", "usage", "--by", "identity"}).out);
        std::map<std::string, Booked> sums;
        for (const json& row : answer["rows"])
            sums[row.value("identity", "")] = {row["sent_bytes"], row["received_bytes"]};
        return sums;
    }
    // The ledger has all that the kernel counted: the daemon commits each second.
    void expect_booked(const std::string& rule, Count out, Count in_count) {
        Booked found;
        const bool same = support::wait_until(
            [&] {
                found = booked()["rule " + rule];
                return found.sent == out.bytes && found.received == in_count.bytes;
            },
            std::chrono::seconds(10));
        EXPECT_TRUE(same) << rule << ": sent " << found.sent << " of " << out.bytes << ", received "
                          << found.received << " of " << in_count.bytes;
    }

    const std::string net_ = "octroi-rn-" + std::to_string(::getpid());
    const std::string router_ = "octroi-rr-" + std::to_string(::getpid());
    const std::string far_ = "octroi-rf-" + std::to_string(::getpid());
    const Folder folder_;
    const std::string config_ = folder_ / "octroi.toml";
    const std::string ledger_ = folder_ / "ledger.db";
    std::unique_ptr<Process> daemon_;
};

inline constexpr const char* seed_rules = R"(
[[rule]]
name = "physics"
address = "172.16.3.0/24"
interface = "ppp0"
[[rule]]
name = "between"
between = ["172.16.3.0/24", "198.51.100.0/24"]
[[rule]]
name = "host"
address = "172.16.3.0/29"
per_address = true
[[rule]]
name = "icmp"
interface = "ppp0"
protocol = "icmp"
icmp_type = "echo-request"
[[rule]]
name = "fragments"
address = "172.16.3.0/24"
fragments = true
[[rule]]
name = "essential"
group = "services"
interface = "ppp0"
protocol = "udp"
port = ["20:21", "domain"]
[[rule]]
name = "nonessential"
group = "services"
interface = "ppp0"
protocol = "udp"
port = ["1:19", "22:32767"]
)";

}  // namespace octroi::rules_test
