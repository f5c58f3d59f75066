// SPDX-License-Identifier: GPL-3.0-or-later
// `octroi run` with a meter of kind ebpf in a router, against counters of nft: TCP and UDP, IPv4
// and IPv6, NAT, segmentation, a kill, a change of the directory, a full map, and traces in the
// kernel.

#include <bpf/bpf.h>
#include <bpf/libbpf.h>
#include <gtest/gtest.h>

#include <cstring>
#include <filesystem>

#include "host/ebpf/count_maps.hpp"
#include "meter/ebpf/layout.h"

#include "routed_network.hpp"

namespace octroi::ebpf_test {
namespace {

constexpr std::uint64_t tcp_headers = 52;  // IPv4, and TCP with time stamps

class Ebpf : public testing::Test {
protected:
    explicit Ebpf(bool offloads = false) : network(offloads) {}
    void SetUp() override {
        if (!network.missing().empty()) GTEST_SKIP() << network.missing();
    }
    void TearDown() override {
        if (!network.missing().empty()) return;
        EXPECT_EQ(network.command({"audit"}).status, 0);
    }
    // Of both address families.
    [[nodiscard]] RoutedNetwork::Booked host_booked() const {
        const auto v4 = network.booked("identity", host_v4);
        const auto v6 = network.booked("identity", host_v6);
        return {{v4.received.bytes + v6.received.bytes, v4.received.packets + v6.received.packets},
                {v4.sent.bytes + v6.sent.bytes, v4.sent.packets + v6.sent.packets}};
    }
    void expect_counted_as_nft_does(const RoutedNetwork::Booked& booked) const {
        EXPECT_EQ(booked.received, network.counted("down"));
        EXPECT_EQ(booked.sent, network.counted("up"));
    }
    // 1 MB over each of TCP and UDP in both directions, over IPv4 and IPv6.
    void transfer_all() const {
        for (const char* server : {server_v4, server_v6})
            for (const Arguments& way : {Arguments{}, Arguments{"-R"}})
                for (const Arguments& kind : {Arguments{}, Arguments{"-u", "-b", "100M"}}) {
                    Arguments options{"-c", server, "-n", "1M"};
                    options.insert(options.end(), way.begin(), way.end());
                    options.insert(options.end(), kind.begin(), kind.end());
                    network.transfer(options);
                }
    }

    RoutedNetwork network;
};

class EbpfWithOffloads : public Ebpf {
protected:
    EbpfWithOffloads() : Ebpf(true) {}
};

TEST_F(Ebpf, CountsAsNftablesDoes) {
    network.start();
    transfer_all();
    const Ended ended = network.stop();
    EXPECT_EQ(ended.status, 0) << ended.err;
    expect_counted_as_nft_does(host_booked());
}

TEST_F(Ebpf, CountsTheInnerAddressBehindNat) {
    network.masquerade();
    network.start();
    transfer_all();
    (void)network.stop();
    expect_counted_as_nft_does(host_booked());
}

// The kernel hands large packets on; the wire would carry segments, each with headers.
TEST_F(EbpfWithOffloads, CountsSegments) {
    network.start();
    network.transfer({"-c", server_v4, "-n", "50M", "-R"});
    (void)network.stop();
    const Count large = network.counted("down");
    const Count received = network.booked("identity", host_v4).received;
    ASSERT_GT(received.packets, 2 * large.packets);
    EXPECT_EQ(received.bytes, large.bytes + (received.packets - large.packets) * tcp_headers);
    // 50 MB in segments of 1448 octets, some of them shorter.
    EXPECT_NEAR(static_cast<double>(received.packets), 50.0 * 1024 * 1024 / 1448, 1500);
}

TEST_F(Ebpf, LosesNothingByAKill) {
    network.start();
    transfer_all();
    network.kill();
    transfer_all();  // nobody reads
    network.start();
    transfer_all();
    (void)network.stop();
    expect_counted_as_nft_does(host_booked());
    EXPECT_NE(network.command({"meters", "--losses"}).out.find("No losses"), std::string::npos);
}

TEST_F(Ebpf, LosesNothingByAChangeOfTheDirectory) {
    network.start();
    network.transfer({"-c", server_v4, "-n", "1M", "-R"});
    EXPECT_EQ(network.command({"account", "add", "chem"}).status, 0);
    EXPECT_EQ(network.command({"bind", host_v4, "chem"}).status, 0);
    support::pass(std::chrono::seconds(3));
    network.transfer({"-c", server_v4, "-n", "3M", "-R"});
    (void)network.stop();
    const Count all = network.booked("identity", host_v4).received;
    EXPECT_EQ(all, network.counted("down"));
    EXPECT_GT(network.booked("account", "chem").received.bytes, 3U << 20U);
    EXPECT_LT(network.booked("account", "chem").received.bytes, all.bytes);
}

// More local ends than the map has space for: it is replaced while traffic flows.
TEST_F(Ebpf, SumsAreExactWhenTheMapIsFull) {
    network.configure("keys = 16\n");
    network.start();
    constexpr int addresses = 60;
    for (int i = 0; i < addresses; ++i)
        RoutedNetwork::must({"ip", "-n", network.host(), "addr", "add",
                             "10.78.1." + std::to_string(100 + i) + "/24", "dev", "eth0"});
    for (int round = 0; round < 4; ++round) {
        RoutedNetwork::must(support::in_netns(
            network.host(),
            {"python3", "-c",
             "import socket\n"
             "for i in range(60):\n"
             "    s = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)\n"
             "    s.bind((f'10.78.1.{100 + i}', 0))\n"
             "    for n in range(20): s.sendto(b'x' * (10 * i + n), ('10.78.2.2', 9))\n"}));
        support::pass(std::chrono::milliseconds(1200));
    }
    (void)network.stop();
    const Ended ended =
        support::run(support::octroi(network.ledger(), {"--json", "usage", "--by", "service"}));
    Count sent;
    const json answer = json::parse(ended.out, nullptr, false);
    const json rows = answer.value("rows", json::array());
    for (const json& row : rows)
        if (row.value("service", "").find("icmp") == std::string::npos) {
            sent.bytes += row.value("sent_bytes", 0ULL);
            sent.packets += row.value("sent_packets", 0ULL);
        }
    EXPECT_EQ(sent, network.counted("up")) << ended.out;
}

// More than the programs remember: each flow replaces another one, and comes back.
TEST_F(Ebpf, CountsManyFlows) {
    network.start();
    for (int round = 0; round < 2; ++round)
        RoutedNetwork::must(support::in_netns(
            network.host(),
            {"python3", "-c",
             "import socket\n"
             "for source in range(300):\n"
             "    s = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)\n"
             "    s.bind(('10.78.1.2', 20000 + source))\n"
             "    for n in range(300): s.sendto(b'x' * n, ('10.78.2.2', 30000 + n))\n"}));
    (void)network.stop();
    ASSERT_GE(network.counted("up").packets, 2U * 300U * 300U);
    expect_counted_as_nft_does(network.booked("identity", host_v4));
}

// A flow that the programs know gets what the new tables say.
TEST_F(Ebpf, NewTablesApplyToKnownFlows) {
    const auto send = [&](int packets) {
        RoutedNetwork::must(support::in_netns(
            network.host(),
            {"python3", "-c",
             "import socket\n"
             "s = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)\n"
             "s.bind(('10.78.1.2', 5555))\n"
             "for n in range(" +
                 std::to_string(packets) + "): s.sendto(b'x' * 100, ('10.78.2.2', 9))\n"}));
    };
    network.start();
    send(100);
    support::pass(std::chrono::milliseconds(2500));
    network.configure("", R"("10.78.9.0/24")");
    ASSERT_EQ(network.command({"reload"}).status, 0);
    support::pass(std::chrono::milliseconds(2500));
    send(50);
    (void)network.stop();
    EXPECT_EQ(network.counted("up").packets, 150U);
    EXPECT_EQ(network.booked("identity", host_v4).sent, (Count{100 * 128, 100}));
}

// A reader of the pinned maps beside the daemon: no reading is less than the one before, and the
// last one has all that the host sent.
TEST_F(Ebpf, ReadsTenThousandTimesWhileTrafficFlows) {
    network.start();
    const std::string pins = network.pin_folder() + "/";
    const Fd keys(bpf_obj_get((pins + "keys").c_str()));
    const Fd counts(bpf_obj_get((pins + "counts").c_str()));
    const Fd states(bpf_obj_get((pins + "states").c_str()));
    const EbpfCountMaps maps(
        {.keys = keys.get(),
         .counts = counts.get(),
         .states = states.get(),
         .key_octets = sizeof(octroi_key),
         .state_octets = sizeof(octroi_state),
         .processors = static_cast<std::uint32_t>(libbpf_num_possible_cpus())});
    const auto ids = maps.ids();
    ASSERT_TRUE(ids.has_value()) << ids.error().text;
    const auto sent = [&] {
        const auto rows = maps.read(ids->first);
        Count sum;
        if (!rows) return sum;
        for (std::size_t i = 0; i < rows->counts.size(); ++i) {
            octroi_key key{};
            std::memcpy(&key, rows->key(i).data(), sizeof key);
            if (key.family != 4 || (key.way & 1U) == 0 || key.far_length != 0) continue;
            sum.bytes += rows->counts[i].bytes;
            sum.packets += rows->counts[i].packets;
        }
        return sum;
    };
    Process sending(support::in_netns(
        network.host(),
        {"python3", "-c",
         "import socket\n"
         "s = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)\n"
         "for n in range(200000): s.sendto(b'x' * (n % 1000), ('10.78.2.2', 9))\n"}));
    Count last;
    int readings = 0;
    while (readings < 10'000 || !sending.has_ended()) {
        const Count now = sent();
        ASSERT_GE(now.bytes, last.bytes);
        ASSERT_GE(now.packets, last.packets);
        last = now;
        ++readings;
    }
    EXPECT_EQ(sent(), network.counted("up"));
    (void)network.stop();
    expect_counted_as_nft_does(network.booked("identity", host_v4));
}

// Anybody on a link can send such headers; IPv4 and IPv6.
TEST_F(Ebpf, NoLengthBeyondTheFrameIsBelieved) {
    constexpr std::uint64_t octets = 100;  // of each frame
    network.start();
    for (const char* server : {server_v4, server_v6})
        network.transfer({"-c", server, "-n", "100K"});
    RoutedNetwork::must(support::in_netns(
        network.host(),
        {"python3", "-c",
         "import socket, struct\n"
         "s = socket.socket(socket.AF_PACKET, socket.SOCK_RAW)\n"
         "s.bind(('eth0', 0))\n"
         "a, b = socket.inet_aton('10.78.1.2'), socket.inet_aton('10.78.2.2')\n"
         "v4 = struct.pack('!BBHHHBBH', 0x45, 0, 60000, 1, 0, 64, 17, 0) + a + b\n"
         "a, b = (socket.inet_pton(socket.AF_INET6, x) for x in ('fd78:1::2', 'fd78:2::2'))\n"
         "v6 = struct.pack('!IHBB', 6 << 28, 60000, 17, 64) + a + b\n"
         "for kind, ip in ((0x0800, v4), (0x86dd, v6)):\n"
         "    frame = b'\\xff' * 6 + b'\\2\\0\\0\\0\\0\\1' + struct.pack('!H', kind) + ip\n"
         "    s.send(frame + b'x' * (100 - len(frame)))\n"}));
    (void)network.stop();
    expect_counted_as_nft_does(host_booked());
    EXPECT_EQ(network.excluded("malformed"), (Count{2 * octets, 2}));
}

TEST_F(Ebpf, DetachRemovesAllOfOursAndNothingElse) {
    const auto tc = [&](Arguments arguments) {
        arguments.insert(arguments.begin(), "tc");
        return support::run(support::in_netns(network.router(), arguments));
    };
    network.start();
    (void)tc({"qdisc", "add", "dev", "lan", "clsact"});  // is there if the meter added it
    ASSERT_EQ(tc({"filter", "add", "dev", "lan", "ingress", "pref", "49", "bpf", "bytecode",
                  "1,6 0 0 4294967295"})
                  .status,
              0);
    const Ended early = network.command({"run", "--detach-kernel"});
    EXPECT_EQ(early.status, 1);
    EXPECT_NE(early.err.find("in use by octroi run"), std::string::npos) << early.err;
    (void)network.stop();
    EXPECT_TRUE(network.has_programs());
    const Ended ended = network.command({"run", "--detach-kernel"});
    EXPECT_EQ(ended.status, 0) << ended.err;
    const std::string others = tc({"filter", "show", "dev", "lan", "ingress"}).out;
    EXPECT_EQ(others.find("ingress_eth"), std::string::npos) << others;
    EXPECT_NE(others.find("pref 49"), std::string::npos) << others;
    EXPECT_FALSE(network.has_programs());
    EXPECT_EQ(tc({"qdisc", "show", "dev", "wan"}).out.find("clsact"), std::string::npos);
    EXPECT_FALSE(std::filesystem::exists(network.pins()));
}

}  // namespace
}  // namespace octroi::ebpf_test
