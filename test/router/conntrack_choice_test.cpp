// SPDX-License-Identifier: GPL-3.0-or-later
// Which connections of a real kernel count: zones, marks, connections that are older than the
// meter, connections without counters.

#include "tracked_router.hpp"

namespace octroi {
namespace {

using support::Network;

class ConntrackChoice : public router_test::TrackedRouter {
protected:
    void SetUp() override {
        TrackedRouter::SetUp();
        if (!IsSkipped()) network_.masquerade();
    }
    // The zone and the mark of UDP from now on.
    void mark_udp(int zone, int mark) const {
        load(
            "table inet zones\ndelete table inet zones\ntable inet zones {\n chain pre {\n"
            "  type filter hook prerouting priority raw; policy accept;\n"
            "  ip protocol udp ct original zone set " +
            std::to_string(zone) +
            "\n }\n chain marking {\n  type filter hook forward priority 0; policy accept;\n"
            "  ip protocol udp ct mark set " +
            std::to_string(mark) + "\n }\n}\n");
    }
    // UDP from a port of the host to the server.
    void send(int datagrams, int port = 4000) const {
        Network::must(
            network_.in(network_.host(), {"python3", "-c",
                                          "import socket, sys\n"
                                          "s = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)\n"
                                          "s.bind(('', int(sys.argv[2])))\n"
                                          "for i in range(int(sys.argv[1])):\n"
                                          "    s.sendto(b'x' * 500, ('10.78.2.2', 9))\n",
                                          std::to_string(datagrams), std::to_string(port)}));
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
};

// Two meters that share no connection may both bill.
TEST_F(ConntrackChoice, ZonesAndMarksChooseTheConnections) {
    const auto daemon = start(
        "zones = [\"1\"]\nmarks = [\"0x10/0xf0\"]\n"
        "[[meter]]\nname = \"others\"\nkind = \"conntrack\"\npoll = \"1s\"\nzones = [\"2\"]\n");
    support::pass(std::chrono::milliseconds(1500));
    mark_udp(1, 0x11);
    send(10, 4000);
    mark_udp(1, 0x21);
    send(7, 4001);
    mark_udp(2, 0x11);
    send(3, 4000);
    mark_udp(3, 0x11);
    send(5, 4000);
    stop(*daemon);
    EXPECT_EQ(counted().packets, 25U);
    EXPECT_EQ(booked().packets, 13U) << "10 of zone 1 with the mark, 3 of zone 2";
    EXPECT_TRUE(losses().empty());
}

TEST_F(ConntrackChoice, ConnectionsOlderThanTheFirstStartCountFromThenOnAndLaterStartsBillTheGap) {
    send(10);
    const std::string options = "[ledger]\ncommit_interval = \"1s\"\n";
    auto daemon = start(options);
    support::pass(std::chrono::milliseconds(1500));
    send(5);
    support::pass(std::chrono::milliseconds(2500));
    EXPECT_EQ(booked().packets, 0U + 5U) << "not the 10 of before";
    daemon->signal(SIGKILL);
    (void)daemon->wait();
    send(3);
    daemon = start(options);
    stop(*daemon);
    EXPECT_EQ(counted().packets, 18U);
    EXPECT_EQ(booked().packets, 8U);
}

TEST_F(ConntrackChoice, WhatPassesWhileTheKernelDoesNotCountIsALossWithATightBound) {
    const auto daemon = start();
    support::pass(std::chrono::milliseconds(1500));
    network_.transfer("10.78.2.2", 1'000'000, true);
    const std::uint64_t before = counted().bytes;
    set("net.netfilter.nf_conntrack_acct=0");
    network_.transfer("10.78.2.2", 3'000'000, true);
    network_.transfer("10.78.2.2", 2'000'000, false);
    const std::uint64_t uncounted = counted().bytes - before;
    support::pass(std::chrono::milliseconds(2500));
    set("net.netfilter.nf_conntrack_acct=1");
    network_.transfer("10.78.2.2", 500'000, true);
    Network::must(network_.in(network_.router(), {"conntrack", "-F"}));
    stop(*daemon);
    EXPECT_EQ(booked().bytes, counted().bytes - uncounted);
    std::uint64_t bound = 0;
    for (const Loss& loss : losses()) {
        EXPECT_EQ(loss.reason, LossReason::not_running);
        ASSERT_TRUE(loss.bytes_bound.has_value());
        bound += *loss.bytes_bound;
    }
    EXPECT_GE(bound, uncounted);
    EXPECT_LE(bound, uncounted + uncounted / 10);
}

}  // namespace
}  // namespace octroi
