// SPDX-License-Identifier: GPL-3.0-or-later
// Real sources of identities: a client of FreeRADIUS, a DHCP server (dnsmasq) with a DHCP client,
// and the neighbours that follow, with a daemon that is killed in between.

#include <fmt/format.h>
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <csignal>
#include <fstream>
#include <memory>
#include <nlohmann/json.hpp>
#include <string>

#include "support/network.hpp"
#include "support/process.hpp"

namespace octroi {
namespace {

using nlohmann::json;
using support::Arguments;
using support::Ended;
using support::Folder;
using support::Network;
using support::Process;

constexpr std::chrono::seconds patience{20};
constexpr const char* client_mac = "02:00:00:00:00:42";

// The router has the daemon and the DHCP server; the host is the client of both.
class IdentitySources : public ::testing::Test {
protected:
    void SetUp() override {
        if (!network_.missing().empty()) GTEST_SKIP() << network_.missing();
        Network::cable(network_.router(), "lan", network_.host(), "eth", true);
        Network::must({"ip", "-n", network_.router(), "addr", "add", "10.78.1.1/24", "dev", "lan"});
        Network::must({"ip", "-n", network_.host(), "link", "set", "eth", "address", client_mac});
        std::ofstream(folder_ / "clients") << "10.78.1.0/24 s3cret\n127.0.0.1 s3cret\n";
    }

    void start(const std::string& meters) {
        std::ofstream(config_) << "[ledger]\ncommit_interval = \"1s\"\n" << meters;
        daemon_ = std::make_unique<Process>(
            Network::in(network_.router(), support::octroi(ledger_, {"--config", config_, "run"})));
    }
    void kill() {
        daemon_->signal(SIGKILL);
        (void)daemon_->wait();
        daemon_.reset();
    }
    // Of the running daemon; 0 where it does not answer yet.
    [[nodiscard]] std::uint64_t counter(const std::string& name) const {
        const Ended ended =
            support::run(support::octroi(ledger_, {"--json", "meters", "--counters"}));
        std::uint64_t sum = 0;
        const json answer = json::parse(ended.out, nullptr, false);
        if (!answer.is_array()) return 0;
        for (const json& row : answer)
            if (row.value("counter", "") == name) sum += row["value"].get<std::uint64_t>();
        return sum;
    }
    [[nodiscard]] bool counts(const std::string& name, std::uint64_t least) const {
        return support::wait_until([&] { return counter(name) >= least; }, patience);
    }
    // A request of a real client; 0: it got an answer that is authentic.
    [[nodiscard]] int radclient(const std::string& attributes, const std::string& secret) const {
        std::ofstream(folder_ / "request") << attributes << "\n";
        return support::run(Network::in(network_.router(),
                                        {"radclient", "-f", folder_ / "request", "-r", "1", "-t",
                                         "2", "127.0.0.1:1813", "acct", secret}))
            .status;
    }
    [[nodiscard]] std::string radius_meter() const {
        return fmt::format("[[meter]]\nname = \"aaa\"\nkind = \"radius\"\nclients = \"{}\"\n",
                           folder_ / "clients");
    }
    void stop() {
        daemon_->signal(SIGTERM);
        const Ended ended = daemon_->wait();
        EXPECT_EQ(ended.status, 0) << ended.err;
        const Ended audit = support::run(support::octroi(ledger_, {"audit"}));
        EXPECT_EQ(audit.status, 0) << audit.out << audit.err;
    }

    Network network_;
    const Folder folder_;
    const std::string ledger_ = folder_ / "ledger.db";
    const std::string config_ = folder_ / "octroi.toml";
    std::unique_ptr<Process> daemon_;
};

TEST_F(IdentitySources, ARealClientOfRadiusIsAnswered) {
    if (support::run({"sh", "-c", "command -v radclient"}).status != 0)
        GTEST_SKIP() << "radclient is not installed; next: ./dev install";
    start(radius_meter());
    const std::string begin =
        "Acct-Status-Type=Start,Acct-Session-Id=1,User-Name=alice,Framed-IP-Address=10.78.1.9,"
        "Delegated-IPv6-Prefix=2001:db8:1::/56,Calling-Station-Id=00-30-CA-B8-D9-BC";
    EXPECT_TRUE(support::wait_until([&] { return radclient(begin, "s3cret") == 0; }, patience))
        << daemon_->err_so_far();
    EXPECT_TRUE(counts("radius_events_total", 3));
    EXPECT_EQ(counter("radius_sessions"), 1U);
    EXPECT_NE(radclient(begin, "wrong"), 0);
    EXPECT_TRUE(counts("radius_wrong_secret_total", 1));

    kill();
    start(radius_meter());
    // The session is known: its stop, without an address, ends all that it had.
    const std::string end = "Acct-Status-Type=Stop,Acct-Session-Id=1,User-Name=alice";
    EXPECT_TRUE(support::wait_until([&] { return radclient(end, "s3cret") == 0; }, patience))
        << daemon_->err_so_far();
    EXPECT_TRUE(counts("radius_events_total", 3));
    EXPECT_EQ(counter("radius_sessions"), 0U);
    stop();
}

// The packages of dhcpd and Kea start a server on the machine where they are installed: ./dev does
// not install them, and their tests are skipped without them.
enum class DhcpServer { dnsmasq, dhcpd, kea };

class RealDhcp : public IdentitySources, public ::testing::WithParamInterface<DhcpServer> {
protected:
    void SetUp() override {
        IdentitySources::SetUp();
        if (IsSkipped()) return;
        const std::string programs = fmt::format("command -v udhcpc && command -v {}", program());
        if (support::run({"sh", "-c", programs}).status != 0)
            GTEST_SKIP() << program() << " or udhcpc is not installed";
        // dhcpd reads whole frames, and drops those without a checksum.
        (void)support::run(Network::in(network_.host(), {"ethtool", "-K", "eth", "tx", "off"}));
    }
    [[nodiscard]] static std::string program() {
        return GetParam() == DhcpServer::dnsmasq ? "dnsmasq"
               : GetParam() == DhcpServer::dhcpd ? "dhcpd"
                                                 : "kea-dhcp4";
    }
    [[nodiscard]] Arguments server() const {
        switch (GetParam()) {
            case DhcpServer::dnsmasq:
                return {"dnsmasq",
                        "--keep-in-foreground",
                        "--conf-file=/dev/null",
                        "--port=0",
                        "--user=root",
                        "--interface=lan",
                        "--bind-interfaces",
                        "--dhcp-range=10.78.1.50,10.78.1.50,1h",
                        "--dhcp-leasefile=" + leases_,
                        "--pid-file=" + (folder_ / "pid")};
            case DhcpServer::dhcpd:
                std::ofstream(folder_ / "conf") << "authoritative; subnet 10.78.1.0 netmask "
                                                   "255.255.255.0 { range 10.78.1.50; }\n";
                std::ofstream{leases_};
                return {"dhcpd", "-4",    "-f",       "-cf", folder_ / "conf",
                        "-lf",   leases_, "--no-pid", "lan"};
            case DhcpServer::kea:
                std::ofstream(folder_ / "conf") << fmt::format(
                    R"({{"Dhcp4": {{"interfaces-config": {{"interfaces": ["lan"]}},
"lease-database": {{"type": "memfile", "persist": true, "name": "{}"}},
"subnet4": [{{"subnet": "10.78.1.0/24", "interface": "lan",
"pools": [{{"pool": "10.78.1.50 - 10.78.1.50"}}]}}]}}}})",
                    leases_);
                return {"env",
                        "KEA_PIDFILE_DIR=" + folder_.path(),
                        "KEA_LOCKFILE_DIR=" + folder_.path(),
                        "kea-dhcp4",
                        "-c",
                        folder_ / "conf"};
        }
        return {};
    }
    // It sets its address, and the neighbours know each other.
    [[nodiscard]] Arguments client() const {
        std::ofstream(folder_ / "script")
            << "#!/bin/sh\n[ \"$1\" = bound ] && ip addr replace $ip/24 dev $interface && "
               "ping -c1 -W2 10.78.1.1\nexit 0\n";
        Network::must({"chmod", "+x", folder_ / "script"});
        return {"udhcpc", "-f", "-t", "20", "-T", "1", "-i", "eth", "-s", folder_ / "script"};
    }

    const std::string leases_ = folder_ / "leases";
};

TEST_P(RealDhcp, TheServerAndTheKernelStateTheClient) {
    start(
        fmt::format("[[meter]]\nname = \"dhcp\"\nkind = \"leases\"\nfiles = [\"{}\"]\npoll = "
                    "\"1s\"\n[[meter]]\nname = \"lan\"\nkind = \"neighbours\"\ninterfaces = "
                    "[\"la*\"]\n",
                    leases_));
    Process serving(Network::in(network_.router(), server()));
    Process asking(Network::in(network_.host(), client()));
    EXPECT_TRUE(counts("leases_events_total", 1))
        << daemon_->err_so_far() << asking.err_so_far() << serving.err_so_far();
    EXPECT_EQ(counter("leases_bad_total"), 0U);
    const Ended listed =
        support::run(support::octroi(ledger_, {"--json", "inspect", "leases", leases_}));
    EXPECT_THAT(listed.out, ::testing::HasSubstr("10.78.1.50")) << listed.err;
    EXPECT_THAT(listed.out, ::testing::HasSubstr(client_mac));
    Network::must(Network::in(network_.router(), {"ping", "-c1", "-W2", "10.78.1.50"}));
    EXPECT_TRUE(counts("neighbours_known", 1)) << daemon_->err_so_far();

    asking.signal(SIGUSR2);  // releases its address
    EXPECT_TRUE(counts("leases_events_total", 2)) << support::text_of(leases_);
    EXPECT_EQ(counter("leases_bad_total"), 0U);
    asking.signal(SIGKILL);
    (void)asking.wait();
    serving.signal(SIGTERM);
    (void)serving.wait();
    stop();
}

INSTANTIATE_TEST_SUITE_P(Servers, RealDhcp,
                         ::testing::Values(DhcpServer::dnsmasq, DhcpServer::dhcpd, DhcpServer::kea),
                         [](const auto& server) {
                             return server.param == DhcpServer::dnsmasq ? "dnsmasq"
                                    : server.param == DhcpServer::dhcpd ? "dhcpd"
                                                                        : "kea";
                         });

}  // namespace
}  // namespace octroi
