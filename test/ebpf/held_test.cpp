// SPDX-License-Identifier: GPL-3.0-or-later
// Packets that the programs hold apart until it is known whether NAT forwards them: frames that a
// test makes, against counters of nft.
#include <gtest/gtest.h>

#include "routed_network.hpp"

namespace octroi::ebpf_test {
namespace {

// Frames of Ethernet with IPv4 from the server to the router: send(protocol, content, id, source).
constexpr const char* frames = R"(
import fcntl, socket, struct, sys
to = bytes.fromhex(sys.argv[1].replace(':', ''))
link = [n for _, n in socket.if_nameindex() if n != 'lo'][0]
s = socket.socket(socket.AF_PACKET, socket.SOCK_RAW)
own = fcntl.ioctl(s, 0x8927, struct.pack('256s', link.encode()))[18:24]  # SIOCGIFHWADDR
s.bind((link, 0))
def total(data):
    data += b'\0' * (len(data) % 2)
    n = sum(struct.unpack('!%dH' % (len(data) // 2), data))
    while n >> 16: n = (n & 0xFFFF) + (n >> 16)
    return ~n & 0xFFFF
def send(protocol, content, ident, source='10.78.2.2', octets=60):
    ends = socket.inet_aton(source) + socket.inet_aton('10.78.2.1')
    if protocol == 17:
        head = ends + struct.pack('!BBH', 0, 17, len(content))
        content = content[:6] + struct.pack('!H', total(head + content)) + content[8:]
    ip = struct.pack('!BBHHHBBH', 0x45, 0, 20 + len(content), ident, 0, 64, protocol, 0) + ends
    ip = ip[:10] + struct.pack('!H', total(ip)) + ip[12:]
    frame = to + own + b'\x08\x00' + ip + content
    s.send(frame + b'\xAA' * max(0, octets - len(frame)))
def udp(sport, payload):
    return struct.pack('!HHHH', sport, 8000, 8 + len(payload), 0) + payload
)";

class EbpfHeldFrames : public testing::Test {
protected:
    void SetUp() override {
        if (!network.missing().empty()) GTEST_SKIP() << network.missing();
        network.configure("", R"("10.78.1.0/24", "10.78.2.1/32")");
    }
    // What comes to these ports is for the host.
    void forward_to_host() const {
        network.add_rules(network.router(),
                          "table ip nat {\n chain pre {\n"
                          "  type nat hook prerouting priority dstnat; policy accept;\n"
                          "  udp dport 8000 dnat to 10.78.1.2:7000\n"
                          "  sctp dport 8000 dnat to 10.78.1.2:7000\n }\n}\n");
    }
    // Not to the host, and no answers of ICMP.
    void drop_at_router() const {
        network.add_rules(network.router(),
                          "table inet input {\n counter received {\n }\n chain i {\n"
                          "  type filter hook input priority 0;\n"
                          "  ip daddr 10.78.2.1 counter name received drop\n }\n}\n");
    }
    void send(const std::string& program) {
        const Ended shown =
            support::run(support::in_netns(network.router(), {"ip", "-j", "link", "show", "wan"}));
        const std::string mac = json::parse(shown.out).at(0).at("address");
        network.start();
        RoutedNetwork::must(
            support::in_netns(network.server(), {"python3", "-c", frames + program, mac}));
        support::pass(std::chrono::milliseconds(1500));
        (void)network.stop();
    }
    // octets: of each packet of IP.
    void expect_for_host(std::uint64_t packets, std::uint64_t octets) const {
        EXPECT_EQ(network.counted("down"), (Count{packets * octets, packets}));
        EXPECT_EQ(network.booked("identity", host_v4).received, (Count{packets * octets, packets}));
        EXPECT_EQ(network.booked("identity", "10.78.2.1", true).received.packets, 0U);
    }

    RoutedNetwork network{false};
};

// The kernel cuts the padding of short frames off on the way.
TEST_F(EbpfHeldFrames, PaddingOfShortFrames) {
    forward_to_host();
    send("for i in range(50): send(17, udp(20000 + i, b'abc'), i)\n");
    expect_for_host(50, 31);
}

// NAT changes the checksum, which is behind the ports and the tag. The kernel tracks an association
// that begins with INIT (RFC 9260 section 3.3.2).
TEST_F(EbpfHeldFrames, AssociationsOfSctp) {
    forward_to_host();
    send(R"(
def crc32c(data):
    n = 0xFFFFFFFF
    for octet in data:
        n ^= octet
        for _ in range(8): n = n >> 1 ^ (0x82F63B78 if n & 1 else 0)
    return n ^ 0xFFFFFFFF
for i in range(50):
    init = struct.pack('!BBHIIHHI', 1, 0, 20, 1000 + i, 65536, 1, 1, 7)
    head = struct.pack('!HHI', 20000 + i, 8000, 0)
    crc = crc32c(head + b'\0\0\0\0' + init)
    send(132, head + struct.pack('<I', crc) + init, i)
)");
    if (network.counted("down").packets == 0) GTEST_SKIP() << "this kernel has no NAT for SCTP";
    expect_for_host(50, 52);
}

// Two that look the same but for their source, one for the router and one for the host.
TEST_F(EbpfHeldFrames, EqualPacketsOfTwoHosts) {
    network.add_rules(network.router(),
                      "table ip nat {\n chain pre {\n"
                      "  type nat hook prerouting priority dstnat; policy accept;\n"
                      "  ip saddr 10.78.2.2 udp dport 8000 dnat to 10.78.1.2:7000\n }\n}\n");
    drop_at_router();
    send(
        "for i in range(50):\n"
        "    send(17, udp(20000 + i, b'the same octets'), 7, '10.78.2.3')\n"
        "    send(17, udp(20000 + i, b'the same octets'), 7, '10.78.2.2')\n");
    EXPECT_EQ(network.booked("identity", host_v4).received, (Count{50 * 43, 50}));
    EXPECT_EQ(network.booked("identity", "10.78.2.1").received, (Count{50 * 43, 50}));
}

// Datagrams to this machine, all within about a second.
class EbpfHeld : public EbpfHeldFrames, public testing::WithParamInterface<int> {};

// They wait for a second, and are not lost by the end of the programs, nor where there are more
// than can wait.
TEST_P(EbpfHeld, CountWithoutConnections) {
    drop_at_router();
    network.start();
    (void)network.stop();
    RoutedNetwork::must(support::in_netns(
        network.server(), {"python3", "-c",
                           "import socket\n"
                           "s = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)\n"
                           "for i in range(" +
                               std::to_string(GetParam()) +
                               "):\n"
                               "    s.sendto(b'%08d' % i + bytes(i % 300), ('10.78.2.1', 9))\n"}));
    const Ended ended = network.command({"run", "--detach-kernel"});
    EXPECT_EQ(ended.status, 0) << ended.err;
    const Count all = network.counted_in(network.router(), "received", "input");
    EXPECT_EQ(all.packets, static_cast<std::uint64_t>(GetParam()));
    EXPECT_EQ(network.booked("identity", "10.78.2.1").received, all);
}

INSTANTIATE_TEST_SUITE_P(Packets, EbpfHeld, testing::Values(300, 30'000),
                         testing::PrintToStringParamName());

}  // namespace
}  // namespace octroi::ebpf_test
