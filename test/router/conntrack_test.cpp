// SPDX-License-Identifier: GPL-3.0-or-later
// `octroi run` with the kernel's connection tracking on a router, against the counters of nft. Real
// namespaces, IPv4 and IPv6, with address translation.

#include "tracked_router.hpp"

namespace octroi {
namespace {

using support::Ended;
using support::Network;

class ConntrackTest : public router_test::TrackedRouter {
protected:
    void SetUp() override {
        TrackedRouter::SetUp();
        if (!IsSkipped()) network_.masquerade();
    }
    [[nodiscard]] std::vector<Loss> losses() const {
        std::vector<Loss> found;
        const auto ledger = SqliteLedger::open(ledger_, {.mode = OpenMode::read_only});
        EXPECT_TRUE(ledger.has_value()) << ledger.error().text;
        const auto all = (*ledger)->losses({});
        EXPECT_TRUE(all.has_value());
        for (const MeterLoss& one : *all) found.push_back(one.loss);
        return found;
    }
    void kill(support::Process& daemon) const {
        daemon.signal(SIGKILL);
        (void)daemon.wait();
    }
    // Ends all connections.
    void flush() const { Network::must(network_.in(network_.router(), {"conntrack", "-F"})); }
    // UDP from port 4000 of the host to the server.
    void send(int datagrams) const {
        Network::must(
            network_.in(network_.host(), {"python3", "-c",
                                          "import socket, sys\n"
                                          "s = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)\n"
                                          "s.bind(('', 4000))\n"
                                          "for i in range(int(sys.argv[1])):\n"
                                          "    s.sendto(b'x' * 500, ('10.78.2.2', 9))\n",
                                          std::to_string(datagrams)}));
    }
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
    EXPECT_TRUE(losses().empty());
}

// The state file of the last commit states the part of the connection that is in the ledger.
TEST_F(ConntrackTest, ATransferDuringAKillCountsOnce) {
    auto daemon = start();
    support::pass(std::chrono::milliseconds(1500));
    std::jthread transfer([&] { network_.transfer("10.78.2.2", 2'000'000'000, true); });
    const auto has_bytes = [&](std::uint64_t bytes) { return counted().bytes > bytes; };
    ASSERT_TRUE(
        support::wait_until([&] { return has_bytes(10'000'000); }, std::chrono::seconds(90)));
    kill(*daemon);
    const std::uint64_t at_kill = counted().bytes;
    EXPECT_LT(at_kill, 2'000'000'000U) << "the kill came after the transfer";
    daemon = start();
    transfer.join();
    stop(*daemon);
    EXPECT_EQ(booked(), counted());
}

TEST_F(ConntrackTest, ARestartWithoutTrafficIsNoLoss) {
    // Hosts report their multicast groups for some seconds.
    for (const std::string& space : {network_.host(), network_.server()})
        Network::must(network_.in(space, {"sysctl", "-qw", "net.ipv6.conf.all.disable_ipv6=1"}));
    auto daemon = start();
    support::pass(std::chrono::milliseconds(1500));
    network_.transfer("10.78.2.2", 1'000'000, true);
    stop(*daemon);
    daemon = start();
    support::pass(std::chrono::milliseconds(2500));
    kill(*daemon);
    daemon = start();
    stop(*daemon);
    EXPECT_EQ(booked(), counted());
    for (const Loss& loss : losses())
        ADD_FAILURE() << to_string(loss.reason) << " " << loss.bytes_bound.value_or(0);
}

// Connections that live at the restart count; the bound has each forwarded octet once.
TEST_F(ConntrackTest, ConnectionsThatEndWhileTheDaemonIsDownAreALossWithATightBound) {
    auto daemon = start();
    support::pass(std::chrono::milliseconds(1500));
    network_.transfer("10.78.2.2", 1'000'000, true);
    stop(*daemon);
    const std::uint64_t before = counted().bytes;
    network_.transfer("10.78.2.2", 3'000'000, true);
    const std::uint64_t missing = counted().bytes - before;
    flush();
    network_.transfer("10.78.2.2", 2'000'000, false);
    daemon = start();
    stop(*daemon);
    EXPECT_EQ(booked().bytes, counted().bytes - missing);
    const auto found = losses();
    ASSERT_EQ(found.size(), 1U);
    EXPECT_EQ(found[0].reason, LossReason::not_running);
    ASSERT_TRUE(found[0].bytes_bound.has_value());
    EXPECT_GE(*found[0].bytes_bound, missing);
    EXPECT_LT(*found[0].bytes_bound, missing + missing / 50);
}

TEST_F(ConntrackTest, EqualTuplesInTwoZonesAreTwoConnections) {
    const auto zone = [&](int number) {
        load(
            "table inet zones\ndelete table inet zones\ntable inet zones {\n chain pre {\n"
            "  type filter hook prerouting priority raw; policy accept;\n"
            "  ip protocol udp ct zone set " +
            std::to_string(number) +
            "\n }\n chain marking {\n  type filter hook forward priority 0; policy accept;\n"
            "  ip protocol udp ct mark set " +
            std::to_string(10 + number) + "\n }\n}\n");
    };
    const auto daemon = start();
    support::pass(std::chrono::milliseconds(1500));
    zone(1);
    send(10);
    zone(2);
    send(7);
    zone(1);
    send(3);
    const std::string listing = folder_ / "listing";
    Network::must(network_.in(network_.router(),
                              {"sh", "-c", "conntrack -L -p udp -o extended > " + listing}));
    const Ended rows =
        support::run(support::octroi(ledger_, {"inspect", "conntrack", listing, "--ndjson"}));
    EXPECT_NE(rows.out.find(R"("zone":1,"mark":11)"), std::string::npos) << rows.out;
    EXPECT_NE(rows.out.find(R"("zone":2,"mark":12)"), std::string::npos) << rows.out;
    stop(*daemon);
    EXPECT_EQ(counted().packets, 20U);
    EXPECT_EQ(booked(), counted());
    EXPECT_TRUE(losses().empty());
}

TEST_F(ConntrackTest, DoctorReportsUncountedTraffic) {
    const std::string config = folder_ / "doctor.toml";
    std::ofstream(config) << "[[meter]]\nname = \"connections\"\nkind = \"conntrack\"\n";
    const auto doctor = [&] {
        return support::run(network_.in(network_.router(),
                                        support::octroi(ledger_, {"--config", config, "doctor"})))
            .out;
    };
    EXPECT_EQ(doctor().find("flowtable"), std::string::npos);
    EXPECT_NE(doctor().find("the kernel counts connections"), std::string::npos);
    set("net.netfilter.nf_conntrack_acct=0");
    EXPECT_NE(doctor().find("net.netfilter.nf_conntrack_acct is 0"), std::string::npos);
    const auto flowtable = [&](const std::string& options) {
        const std::string file = folder_ / "flowtable.nft";
        std::ofstream(file) << "table inet fast\ndelete table inet fast\ntable inet fast {\n"
                               " flowtable quick {\n  hook ingress priority 0; devices = { lan, "
                               "wan };\n" +
                                   options + " }\n}\n";
        return support::run(network_.in(network_.router(), {"nft", "-f", file})).status == 0;
    };
    if (!flowtable("")) GTEST_SKIP() << "the kernel has no flowtables";
    EXPECT_NE(doctor().find("the flowtable fast quick has no `counter`"), std::string::npos);
    EXPECT_TRUE(flowtable("  counter\n"));
    EXPECT_EQ(doctor().find("flowtable"), std::string::npos) << doctor();
}

}  // namespace
}  // namespace octroi
