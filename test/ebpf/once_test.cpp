// SPDX-License-Identifier: GPL-3.0-or-later
// Packets that pass several interfaces count once: bridges and their ports, devices on an
// interface, a router with one interface. Against counters of nft in the host.
#include <gtest/gtest.h>

#include "routed_network.hpp"

namespace octroi::ebpf_test {
namespace {

class EbpfOnce : public testing::Test {
protected:
    void SetUp() override {
        if (!network.missing().empty()) GTEST_SKIP() << network.missing();
        network.count_in(network.host(), host_v4);
    }
    void TearDown() override {
        if (!network.missing().empty() || IsSkipped()) return;
        EXPECT_EQ(network.command({"audit"}).status, 0);
    }
    void in_router(const Arguments& ip) const {
        Arguments command{"ip", "-n", network.router()};
        command.insert(command.end(), ip.begin(), ip.end());
        RoutedNetwork::must(command);
    }
    // Moves the addresses of an interface of the router to another one.
    void move_addresses(const std::string& from, const std::string& to,
                        const std::string& v4) const {
        in_router({"addr", "flush", "dev", from, "scope", "global"});
        in_router({"link", "set", to, "up"});
        in_router({"addr", "add", v4, "dev", to});
    }
    void expect_counted_once() const {
        (void)const_cast<RoutedNetwork&>(network).stop();
        const auto booked = network.booked("identity", host_v4);
        EXPECT_GT(booked.sent.packets, 100U);
        EXPECT_GT(booked.received.packets, 100U);
        // The rules of nft leave out reports of IGMPv3 (RFC 3376): 40 octets each.
        constexpr std::uint64_t report_octets = 40;
        const Count sent = network.counted_in(network.host(), "sent");
        const std::uint64_t reports = booked.sent.packets - sent.packets;
        EXPECT_LE(reports, 3U);
        EXPECT_EQ(booked.sent.bytes, sent.bytes + reports * report_octets);
        EXPECT_EQ(booked.received, network.counted_in(network.host(), "received"));
    }

    RoutedNetwork network{false};
};

TEST_F(EbpfOnce, ABridgeThatRoutesAndItsPorts) {
    in_router({"link", "add", "br0", "type", "bridge"});
    in_router({"link", "set", "lan", "master", "br0"});
    move_addresses("lan", "br0", "10.78.1.1/24");
    network.configure_at("");  // all: the ports, not the bridge
    network.start();
    network.talk(network.host(), server_v4, 7000, network.server(), 7000, 40);
    network.talk(network.host(), "10.78.1.1", 7000, network.router(), 7000, 40);
    expect_counted_once();
}

TEST_F(EbpfOnce, FramesThatABridgeMoves) {
    in_router({"link", "add", "br0", "type", "bridge"});
    for (const char* port : {"lan", "wan"}) in_router({"link", "set", port, "master", "br0"});
    in_router({"link", "set", "br0", "up"});
    RoutedNetwork::must(
        {"ip", "-n", network.server(), "addr", "add", "10.78.1.9/24", "dev", "eth0"});
    network.configure_at("");
    network.start();
    network.talk(network.host(), "10.78.1.9", 7000, network.server(), 7000, 40);
    expect_counted_once();
}

TEST_F(EbpfOnce, ADeviceOnAMeteredInterface) {
    if (support::run({"ip", "-n", network.router(), "link", "add", "link", "wan", "name", "mac0",
                      "type", "macvlan", "mode", "bridge"})
            .status != 0)
        GTEST_SKIP() << "no MACVLAN devices here";
    move_addresses("wan", "mac0", "10.78.2.1/24");
    network.start();
    network.talk(network.host(), server_v4, 7000, network.server(), 7000, 40);
    expect_counted_once();
}

TEST_F(EbpfOnce, AVlanDeviceOnAMeteredInterface) {
    for (const std::string& space : {network.router(), network.server()}) {
        const std::string link = space == network.router() ? "wan" : "eth0";
        if (support::run({"ip", "-n", space, "link", "add", "link", link, "name", "v10", "type",
                          "vlan", "id", "10"})
                .status != 0)
            GTEST_SKIP() << "no VLAN devices here";
    }
    move_addresses("wan", "v10", "10.78.2.1/24");
    RoutedNetwork::must({"ip", "-n", network.server(), "addr", "flush", "dev", "eth0"});
    RoutedNetwork::must({"ip", "-n", network.server(), "link", "set", "v10", "up"});
    RoutedNetwork::must(
        {"ip", "-n", network.server(), "addr", "add", "10.78.2.2/24", "dev", "v10"});
    RoutedNetwork::must(
        {"ip", "-n", network.server(), "route", "add", "default", "via", "10.78.2.1"});
    network.start();
    network.talk(network.host(), server_v4, 7000, network.server(), 7000, 40);
    expect_counted_once();
}

// The host and the other network are behind the same interface.
TEST_F(EbpfOnce, ARouterWithOneInterface) {
    RoutedNetwork::must(
        support::in_netns(network.router(), {"sysctl", "-qw", "net.ipv4.conf.all.send_redirects=0",
                                             "net.ipv4.conf.lan.send_redirects=0"}));
    in_router({"addr", "add", "10.78.3.1/24", "dev", "lan"});
    const auto at_host = [&](const Arguments& ip) {
        Arguments command{"ip", "-n", network.host()};
        command.insert(command.end(), ip.begin(), ip.end());
        RoutedNetwork::must(command);
    };
    // The host is a bridge to a namespace behind it, and has no address in the other network.
    (void)support::run(support::in_netns(
        network.host(), {"sysctl", "-qw", "net.bridge.bridge-nf-call-iptables=0"}));
    at_host({"link", "add", "sw", "type", "bridge"});
    at_host({"link", "set", "sw", "multicast", "off"});  // no IGMP, which nft leaves out
    at_host({"link", "set", "eth0", "master", "sw"});
    at_host({"addr", "flush", "dev", "eth0", "scope", "global"});
    at_host({"link", "set", "sw", "up"});
    at_host({"addr", "add", "10.78.1.2/24", "dev", "sw"});
    at_host({"route", "replace", "default", "via", "10.78.1.1"});
    at_host({"link", "add", "behind", "type", "veth", "peer", "name", "eth1", "netns",
             network.server()});
    at_host({"link", "set", "behind", "master", "sw"});
    at_host({"link", "set", "behind", "up"});
    const std::string server = network.server();
    RoutedNetwork::must({"ip", "-n", server, "addr", "flush", "dev", "eth0", "scope", "global"});
    RoutedNetwork::must({"ip", "-n", server, "link", "set", "eth1", "up"});
    RoutedNetwork::must({"ip", "-n", server, "addr", "add", "10.78.3.2/24", "dev", "eth1"});
    RoutedNetwork::must({"ip", "-n", server, "route", "add", "default", "via", "10.78.3.1"});
    network.configure_at(R"("lan")");
    network.start();
    network.talk(network.host(), "10.78.3.2", 7000, server, 7000, 40);
    expect_counted_once();
}

TEST_F(EbpfOnce, TwoOfAStackAreRefused) {
    in_router({"link", "add", "br0", "type", "bridge"});
    in_router({"link", "set", "lan", "master", "br0"});
    network.configure_at(R"("lan", "br0")");
    const Ended ended = network.command({"run", "--for", "1s"});
    EXPECT_NE(ended.status, 0);
    EXPECT_NE(ended.err.find("br0 stands on lan"), std::string::npos) << ended.err;
    EXPECT_TRUE(network.pin_folder().empty());
}

}  // namespace
}  // namespace octroi::ebpf_test
