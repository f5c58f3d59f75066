// SPDX-License-Identifier: GPL-3.0-or-later
// Accounting rules in the nftables of a real kernel, against what a generator sent through a
// router.
//
//     net (172.16.3.2) ── inside [router] ppp0 ── far (198.51.100.2)

#include <gtest/gtest.h>
#include <unistd.h>

#include <fstream>
#include <map>
#include <memory>
#include <nlohmann/json.hpp>

#include "support/netns.hpp"
#include "support/process.hpp"

namespace octroi {
namespace {

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
constexpr std::uint64_t headers = 28;

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

    const std::string net_ = "octroi-rules-net";
    const std::string router_ = "octroi-rules-router";
    const std::string far_ = "octroi-rules-far";
    const Folder folder_;
    const std::string config_ = folder_ / "octroi.toml";
    const std::string ledger_ = folder_ / "ledger.db";
    std::unique_ptr<Process> daemon_;
};

constexpr const char* seed_rules = R"(
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

// N5, N6, N8, N10, N11, N12, N13: each figure is that of the generator.
TEST_F(RulesTest, CountWhatTheGeneratorSent) {
    write_config(seed_rules);
    start();
    send(net_, "198.51.100.2", 53, 300, 100);
    send(net_, "198.51.100.2", 8080, 200, 1000);
    send(far_, "172.16.3.2", 40000, 70, 500);
    ping(10, 100);
    // 4008 octets of ICMP in fragments of 1480: 3 packets.
    ping(5, 4000);
    const Count essential{300, 300 * (100 + headers)};
    const Count nonessential{200, 200 * (1000 + headers)};
    const Count back{70, 70 * (500 + headers)};
    const Count echo{10 + 15, 10 * (100 + headers) + 5 * (4008 + 3 * 20)};
    const Count out{essential.packets + nonessential.packets + echo.packets,
                    essential.bytes + nonessential.bytes + echo.bytes};
    const Count in_count{back.packets + echo.packets, back.bytes + echo.bytes};
    const Count later{10, 5 * (4008 - 1480 + 2 * 20)};
    auto counts = listed();
    EXPECT_EQ(counts["physics out"], out);
    EXPECT_EQ(counts["physics in"], in_count);
    EXPECT_EQ(counts["between out"], out);
    EXPECT_EQ(counts["between in"], in_count);
    EXPECT_EQ(counts["host out"], out);
    EXPECT_EQ(counts["host in"], in_count);
    EXPECT_EQ(counts["essential out"], essential);
    EXPECT_EQ(counts["nonessential out"], nonessential);
    EXPECT_EQ(counts["nonessential in"], back);
    EXPECT_EQ(counts["fragments out"], later);
    EXPECT_EQ(counts["fragments in"], later);
    // A first fragment has the type of the message, later ones have none.
    EXPECT_EQ(counts["icmp out"], (Count{15, 10 * (100 + headers) + 5 * 1500}));
    EXPECT_EQ(counts["icmp in"], Count());
    // The rules of a group and its rest are the whole.
    for (const char* way : {" out", " in"}) {
        Count whole;
        for (const char* rule : {"essential", "nonessential", "services.rest"}) {
            whole.packets += counts[std::string(rule) + way].packets;
            whole.bytes += counts[std::string(rule) + way].bytes;
        }
        EXPECT_EQ(whole, counts[std::string("physics") + way]) << way;
    }
    expect_booked("physics", out, in_count);
    expect_booked("essential", essential, {});
    stop(SIGTERM);
    octroi_must({"audit"});
}

// The kernel counts while no daemon runs, and a kill counts nothing twice.
TEST_F(RulesTest, AreExactAfterAKill) {
    write_config(seed_rules);
    start();
    int sent = 0;
    for (int round = 0; round < 4; ++round) {
        send(net_, "198.51.100.2", 53, 500, 100);
        stop(SIGKILL);
        send(net_, "198.51.100.2", 53, 500, 100);
        sent += 1000;
        start();
    }
    const auto count = static_cast<std::uint64_t>(sent);
    expect_booked("physics", {count, count * (100 + headers)}, {});
    stop(SIGTERM);
    octroi_must({"audit"});
}

// N19: the kernel's counters are read while they grow, and rules change meanwhile.
TEST_F(RulesTest, AreExactWhileTheyAreReadAndChanged) {
    write_config(seed_rules);
    start();
    constexpr int datagrams = 100'000;
    Process traffic(in(net_, {"python3", "-c", sender("198.51.100.2", 53, datagrams, 100)}));
    int readings = 0;
    while (!traffic.has_ended()) {
        (void)listed();
        if (++readings % 10 != 0) continue;
        const std::string name = "extra" + std::to_string(readings);
        octroi_must({"rules", "add", name, "address=10.9.0.0/16", "interface=ppp0"});
        octroi_must({"rules", "delete", name});
    }
    EXPECT_EQ(traffic.wait().status, 0);
    EXPECT_GT(readings, 10);
    const Count all{datagrams, datagrams * (100 + headers)};
    EXPECT_EQ(listed()["physics out"], all);
    expect_booked("physics", all, {});
    EXPECT_EQ(octroi_must({"--json", "meters", "--losses"}).out.find("counter"), std::string::npos);
    stop(SIGTERM);
    octroi_must({"audit"});
}

// N21
TEST_F(RulesTest, TouchNothingOfOthers) {
    write_config(seed_rules);
    must(in(router_, {"nft", "add", "table", "inet", "foreign"}));
    must(in(router_, {"nft", "add", "counter", "inet", "foreign", "out-physics"}));
    must(in(router_, {"nft", "add", "chain", "inet", "foreign", "forward",
                      "{ type filter hook forward priority 0; }"}));
    must(in(router_, {"nft", "add", "rule", "inet", "foreign", "forward", "counter", "name",
                      "out-physics"}));
    send(net_, "198.51.100.2", 53, 10, 100);
    const Arguments list = in(router_, {"nft", "list", "ruleset"});
    const std::string before = support::run(list).out;
    EXPECT_NE(before.find("packets 10"), std::string::npos);
    EXPECT_EQ(support::run(command({"rules", "check"})).status, 1);
    octroi_must({"rules", "apply", "--dry-run"});
    octroi_must({"rules", "flush", "--dry-run"});
    EXPECT_EQ(support::run(list).out, before);
    octroi_must({"rules", "apply"});
    EXPECT_EQ(support::run(command({"rules", "check"})).status, 0);
    EXPECT_NE(support::run(list).out.find("octroi_rules"), std::string::npos);
    octroi_must({"rules", "apply"});
    octroi_must({"rules", "flush"});
    EXPECT_EQ(support::run(list).out, before);
    octroi_must({"rules", "flush"});
}

// N4, N9, N23
TEST_F(RulesTest, AreAddedInsertedDeletedAndImported) {
    write_config("# a comment\n");
    octroi_must({"rules", "add", "web", "interface=ppp0", "protocol=tcp", "port=80,https"});
    octroi_must({"rules", "insert", "ssh", "web", "interface=ppp0", "protocol=tcp", "port=22"});
    const Ended refused = support::run(command({"rules", "add", "bad", "port=80"}));
    EXPECT_EQ(refused.status, 2);
    EXPECT_NE(refused.err.find("a port needs a protocol"), std::string::npos) << refused.err;
    const std::string text = support::text_of(config_);
    EXPECT_LT(text.find("\"ssh\""), text.find("\"web\""));
    EXPECT_NE(text.find("# a comment"), std::string::npos);
    EXPECT_EQ(text.find("\"bad\""), std::string::npos);
    octroi_must({"rules", "delete", "ssh"});
    // Until the next change: its last reading may be due.
    EXPECT_EQ(listed().count("ssh out"), 1U);
    std::ofstream(folder_ / "old.sh")
        << "ipfwadm -A out -a -P udp -S 172.16.3.0/24 -D 0/0 53 -W ppp0\n"
           "ipchains -A forward -i ppp0 -p udp -s 172.16.3.0/24 -d 0/0 53\n"
           "iptables -A FORWARD -o ppp0 -s 172.16.3.0/24 -p udp -m udp --dport 53\n";
    octroi_must({"rules", "import", folder_ / "old.sh"});
    send(net_, "198.51.100.2", 53, 25, 100);
    auto counts = listed();
    for (const char* rule : {"out-1 out", "forward-1 out", "FORWARD-1 out"})
        EXPECT_EQ(counts[rule], (Count{25, 25 * (100 + headers)})) << rule;
    octroi_must({"rules", "add", "dns", "protocol=udp", "local_port=53"});
    counts = listed();
    EXPECT_EQ(counts.count("ssh out"), 0U);
    EXPECT_EQ(counts.count("web out"), 1U);
    EXPECT_EQ(counts["out-1 out"].packets, 25U);
}

}  // namespace
}  // namespace octroi
