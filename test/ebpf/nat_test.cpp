// SPDX-License-Identifier: GPL-3.0-or-later
// What NAT changes counts for the inner host, in both directions and from the first packet on:
// against counters of nft at the interface to the host.
#include <gtest/gtest.h>

#include "routed_network.hpp"

namespace octroi::ebpf_test {
namespace {

class EbpfNat : public testing::Test {
protected:
    void SetUp() override {
        if (!network.missing().empty()) GTEST_SKIP() << network.missing();
    }
    void TearDown() override {
        if (!network.missing().empty() || IsSkipped()) return;
        EXPECT_EQ(network.command({"audit"}).status, 0);
    }
    void expect_host_counted() const {
        const auto booked = network.booked("identity", host_v4);
        EXPECT_GT(booked.sent.packets, 100U);
        EXPECT_GT(booked.received.packets, 100U);
        EXPECT_EQ(booked.sent, network.counted("up"));
        EXPECT_EQ(booked.received, network.counted("down"));
    }
    void ping(const std::string& address) const {
        RoutedNetwork::must(support::in_netns(
            network.host(), {"ping", "-q", "-c", "20", "-i", "0.02", "-s", "100", address}));
    }

    RoutedNetwork network{false};
};

// Connection tracking states no connections of echoes to programs. Fragments: test/all_meters.
TEST_F(EbpfNat, Echoes) {
    network.masquerade();
    network.start();
    for (int i = 0; i < 6; ++i) ping(server_v4);
    (void)network.stop();
    expect_host_counted();
}

// Each connection begins with a packet that no connection is known for.
TEST_F(EbpfNat, AServerBehindNat) {
    network.configure("", R"("10.78.1.0/24", "10.78.2.0/24")");
    network.add_rules(network.router(),
                      "table ip nat {\n chain pre {\n"
                      "  type nat hook prerouting priority dstnat; policy accept;\n"
                      "  iifname \"wan\" udp dport 8000 dnat to 10.78.1.2:7000\n"
                      "  iifname \"wan\" tcp dport 8001 dnat to 10.78.1.2:7001\n }\n}\n");
    network.start();
    network.talk(network.server(), "10.78.2.1", 8000, network.host(), 7000, 100);
    (void)network.stop();
    expect_host_counted();
}

// Both ends are local, and both addresses are translated.
TEST_F(EbpfNat, AnInnerServerByTheOuterAddress) {
    network.configure("", R"("10.78.1.0/24", "10.78.2.0/24")");
    network.masquerade();
    network.add_rules(network.router(),
                      "table ip nat2 {\n chain pre {\n"
                      "  type nat hook prerouting priority dstnat; policy accept;\n"
                      "  ip daddr 10.78.1.1 udp dport 8000 dnat to 10.78.2.2:7000\n"
                      "  ip daddr 10.78.1.1 tcp dport 8001 dnat to 10.78.2.2:7001\n }\n}\n");
    network.count_in(network.server(), server_v4);
    network.start();
    network.talk(network.host(), "10.78.1.1", 8000, network.server(), 7000, 100);
    (void)network.stop();
    expect_host_counted();
    const auto server = network.booked("identity", server_v4);
    EXPECT_EQ(server.sent, network.counted_in(network.server(), "sent"));
    EXPECT_EQ(server.received, network.counted_in(network.server(), "received"));
}

// The server answers when the connection is removed: this machine receives the answer. The next
// packet of the host begins the connection again.
TEST_F(EbpfNat, AConnectionThatIsRemoved) {
    network.masquerade();
    network.add_rules(network.router(),
                      "table inet input {\n counter received {\n }\n chain i {\n"
                      "  type filter hook input priority 0;\n"
                      "  iifname \"wan\" ip daddr 10.78.2.1 counter name received drop\n }\n}\n");
    network.configure("", R"("10.78.1.0/24", "10.78.2.1/32")");
    network.start();
    constexpr int rounds = 5;
    Process serving(support::in_netns(network.server(),
                                      {"python3", "-c",
                                       "import socket, time\n"
                                       "s = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)\n"
                                       "s.bind(('', 7000))\n"
                                       "for n in range(5):\n"
                                       "    for i in range(40):\n"
                                       "        data, peer = s.recvfrom(2000)\n"
                                       "        if i == 20: time.sleep(2)\n"
                                       "        s.sendto(data * 2, peer)\n"}));
    support::pass(std::chrono::seconds(1));
    for (int round = 0; round < rounds; ++round) {
        Process sending(support::in_netns(
            network.host(), {"python3", "-c",
                             "import socket\n"
                             "s = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)\n"
                             "s.bind(('10.78.1.2', 5555))\n"
                             "for i in range(40): s.sendto(bytes(100 + i), ('10.78.2.2', 7000))\n"
                             "import time; time.sleep(3)\n"}));
        support::pass(std::chrono::milliseconds(1500));
        RoutedNetwork::must(support::in_netns(network.router(), {"conntrack", "-F"}));
        (void)sending.wait();
    }
    (void)serving.wait();
    support::pass(std::chrono::milliseconds(1200));
    (void)network.stop();
    const Count lost = network.counted_in(network.router(), "received", "input");
    EXPECT_GT(lost.packets, 50U);
    EXPECT_EQ(network.booked("identity", "10.78.2.1").received, lost);
    const auto booked = network.booked("identity", host_v4);
    EXPECT_EQ(booked.sent, network.counted("up"));
    EXPECT_EQ(booked.received, network.counted("down"));
}

// The interface of the hosts has no programs, as that of containers.
TEST_F(EbpfNat, HostsBehindAnInterfaceWithoutPrograms) {
    network.masquerade();
    network.configure_at(R"("wan")");
    network.start();
    network.talk(network.host(), server_v4, 7000, network.server(), 7000, 100);
    (void)network.stop();
    expect_host_counted();
}

}  // namespace
}  // namespace octroi::ebpf_test
