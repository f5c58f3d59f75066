// SPDX-License-Identifier: GPL-3.0-or-later
// The link types beside Ethernet. Each header is written out as octets.

#include <gtest/gtest.h>

#include <string>

#include "wire/packet/testing/frames.hpp"

namespace octroi::packet {
namespace {

using namespace testing_frames;
using namespace std::string_literals;

const std::string ip4 = Frame().ipv4(v4_header()).udp(1000, 53).payload(10).octets();
const std::string ip6 = Frame().ipv6(v6_header()).udp(1000, 53).payload(10).octets();

Packet decode_after(LinkType link, const std::string& header, const std::string& packet = ip4) {
    return decode_exact(link, header + packet);
}

void expect_ip4(const Packet& p) {
    EXPECT_EQ(p.outcome, Outcome::ip);
    EXPECT_EQ(p.key.src(), v4_a);
    EXPECT_EQ(p.key.dport(), 53);
    EXPECT_EQ(p.bytes, 38U);
}
void expect_ip6(const Packet& p) {
    EXPECT_EQ(p.outcome, Outcome::ip);
    EXPECT_EQ(p.key.src(), v6(1));
    EXPECT_EQ(p.bytes, 58U);
}
void expect_non_ip(const Packet& p) { EXPECT_EQ(p.outcome, Outcome::non_ip); }

// Both families after headers that differ in the ethertype, which `before` and `behind` enclose.
void expect_both(LinkType link, const std::string& before, const std::string& behind = "") {
    EXPECT_TRUE(is_supported(link)) << static_cast<int>(link);
    expect_ip4(decode_after(link, before + "\x08\x00"s + behind));
    expect_ip6(decode_after(link, before + "\x86\xdd"s + behind, ip6));
    expect_non_ip(decode_after(link, before + "\x08\x06"s + behind));
}

const std::string snap = "\xaa\xaa\x03\x00\x00\x00"s;
const std::string macs = "\x02\x00\x00\x00\x00\x0b\x02\x00\x00\x00\x00\x0a"s;  // b, then a

TEST(Link, LoopbackHeadersOfAllWriters) {
    for (const LinkType link : {LinkType::null, LinkType::loop}) {
        for (const auto& header : {
                 "\x00\x00\x00\x02"s, "\x02\x00\x00\x00"s,  // address family, both byte orders
                 "\x00\x02\x00\x00"s, "\x00\x00\x02\x00"s,  // of 16 bits
                 "\x00\x00\x08\x00"s, "\x00\x08\x00\x00"s,  // ethertype
                 "\x08\x00\x00\x00"s,                       //
                 "\xff\x03\x00\x21"s,                       // PPP
             })
            expect_ip4(decode_after(link, header));
        for (const int family : {10, 22, 23, 24, 26, 28, 30}) {
            const std::string octet(1, static_cast<char>(family));
            const std::string zeros(3, '\0');
            expect_ip6(decode_after(link, zeros + octet, ip6));
            expect_ip6(decode_after(link, octet + zeros, ip6));
            expect_ip6(decode_after(link, "\0"s + octet + "\0\0"s, ip6));
        }
        expect_ip6(decode_after(link, "\x00\x00\x86\xdd"s, ip6));
        expect_ip6(decode_after(link, "\xdd\x86\x00\x00"s, ip6));
        expect_ip4(decode_after(link, "\x00\x00\x88\x47\x00\x00\x31\x40"s));  // MPLS
        const Packet arp = decode_after(link, "\x00\x00\x08\x06"s);
        expect_non_ip(arp);
        EXPECT_EQ(arp.ethertype, 0x0806);
        const Packet osi = decode_after(link, "\x07\x00\x00\x00"s);
        expect_non_ip(osi);
        EXPECT_EQ(osi.ethertype, 7);
        expect_non_ip(decode_after(link, "\x12\x34\x56\x78"s));
    }
}

TEST(Link, TokenRingFddiAndFibreChannel) {
    expect_both(LinkType::token_ring, "\x10\x40"s + macs + snap);
    // Source routing: the first bit of the source address, a field of 6 octets.
    std::string routed = "\x10\x40"s + macs;
    routed[8] = '\x82';
    expect_both(LinkType::token_ring, routed + "\x06\x30\x00\x11\x00\x20"s + snap);
    const Packet p = decode_after(LinkType::token_ring, routed + "\x02\x00"s + snap + "\x08\x00"s);
    EXPECT_EQ(p.src_mac(), mac_a);
    EXPECT_EQ(p.dst_mac(), mac_b);
    expect_non_ip(decode_after(LinkType::token_ring, "\x10\x00"s + macs + snap + "\x08\x00"s));
    expect_both(LinkType::fddi, "\x50"s + macs + snap);
    expect_both(LinkType::fddi, "\xd4"s + macs + snap);
    EXPECT_EQ(decode_after(LinkType::fddi, "\x50"s + macs + snap + "\x08\x00"s).src_mac(), mac_a);
    expect_non_ip(decode_after(LinkType::fddi, "\x41"s + macs + snap + "\x08\x00"s));  // SMT
    expect_both(LinkType::fibre_channel,
                "\x10\x00"s + macs.substr(0, 6) + "\x10\x00"s + macs.substr(6) + snap);
}

TEST(Link, Arcnet) {
    const auto bsd = [](const std::string& behind, const std::string& packet = ip4) {
        return decode_after(LinkType::arcnet_bsd, "\x01\x02"s + behind, packet);
    };
    expect_ip4(bsd("\xf0"s));
    expect_ip4(bsd("\xd4\x00\x00\x07"s));
    expect_ip6(bsd("\xc4\x00\x00\x07"s, ip6));
    expect_ip4(bsd("\xd4\xff\xff\xff\xd4\x00\x00\x07"s));  // an exception frame
    expect_non_ip(bsd("\xd4\x01\x00\x07"s));               // the first of two parts
    expect_non_ip(bsd("\xd5\x00\x00\x07"s));               // ARP
    const auto linux_header = [](const std::string& behind, const std::string& packet = ip4) {
        return decode_after(LinkType::arcnet_linux, "\x01\x02\x00\x00"s + behind, packet);
    };
    expect_ip4(linux_header("\xf0"s));
    expect_ip4(linux_header("\xd4\x00\x00\x07"s));
    expect_ip6(linux_header("\xc4\x00\x00\x07"s, ip6));
    expect_non_ip(linux_header("\xd5\x00\x00\x07"s));
}

TEST(Link, InfinibandFirewireAndSolaris) {
    expect_both(LinkType::infiniband, std::string(40, '\x6f'), "\0\0"s);
    expect_both(LinkType::firewire, std::string(16, '\x01'));
    const std::string rest(22, '\0');
    expect_ip4(decode_after(LinkType::ipnet, "\x01\x02"s + rest));
    expect_ip6(decode_after(LinkType::ipnet, "\x01\x1a"s + rest, ip6));
    expect_ip4(
        decode_after(LinkType::ipsec_log, "\x02\x00\x00\x00\x00\x00\x00\x07\x00\x00\x00\x00"s));
}

// The length on the wire is not in the file if the kernel copied only the first octets.
TEST(Link, NetfilterLogOfTheFirstOctets) {
    const std::string header = "\x02\x00\x00\x05\x2a\x00\x09\x00"s;
    const std::string whole = Frame().ipv4(v4_header()).udp(1000, 53).payload(1400).octets();
    const Packet p = decode_after(LinkType::nflog, header, whole.substr(0, 38));
    EXPECT_EQ(p.outcome, Outcome::ip);
    EXPECT_EQ(p.key.dport(), 53);
    EXPECT_EQ(p.bytes, 1428U);
}

TEST(Link, FrameRelay) {
    for (const auto& address : {"\x18\x41"s, "\x18\x40\x01"s, "\x18\x40\x00\x01"s}) {
        const auto decode = [&](const std::string& behind, const std::string& packet = ip4) {
            return decode_after(LinkType::frame_relay, address + behind, packet);
        };
        expect_ip4(decode("\x03\xcc"s));
        expect_ip4(decode("\x03\x00\xcc"s));
        expect_ip6(decode("\x03\x8e"s, ip6));
        expect_ip4(decode("\x03\x00\x80\x00\x00\x00\x08\x00"s));
        expect_ip4(decode("\x03\x00\x80\x00\x80\xc2\x00\x07"s + macs + "\x08\x00"s));  // bridged
        expect_ip4(decode("\x03\xcf\x00\x21"s));                                       // PPP
        expect_ip4(decode("\x08\x00"s));                                               // Cisco
        expect_ip6(decode("\x86\xdd"s, ip6));
        expect_non_ip(decode("\x03\x08"s));  // Q.933
        expect_non_ip(decode("\x03\x00\x80\x00\x00\x0c\x08\x00"s));
    }
    expect_non_ip(decode_after(LinkType::frame_relay, "\x18\x40\x00\x00\x00\x01\x03\xcc"s));
    expect_non_ip(decode_after(LinkType::frame_relay, "\x19\x03\xcc"s));
    const Packet out = decode_after(LinkType::frame_relay_with_direction, "\x01\x18\x41\x03\xcc"s);
    expect_ip4(out);
    EXPECT_EQ(out.direction, Direction::out);
    expect_ip4(decode_after(LinkType::cisco_hdlc_with_direction, "\x00\x0f\x00\x08\x00"s));
}

// ---- 802.11 -----------------------------------------------------------------------------------

// Frame control, duration, three addresses, sequence control.
std::string wireless(char kind, char flags, const std::string& first = macs.substr(0, 6),
                     const std::string& second = macs.substr(6),
                     const std::string& third = "\x02\x00\x00\x00\x00\x0c"s) {
    return std::string(1, kind) + flags + "\0\0"s + first + second + third + "\x10\x00"s;
}
constexpr char data = 0x08;
constexpr char qos_data = static_cast<char>(0x88);
const std::string dst = macs.substr(0, 6);
const std::string src = macs.substr(6);
const std::string station = "\x02\x00\x00\x00\x00\x0c"s;

void expect_macs(const std::string& header) {
    const Packet p = decode_after(LinkType::wireless, header + snap + "\x08\x00"s);
    expect_ip4(p);
    EXPECT_EQ(p.dst_mac(), mac_b);
    EXPECT_EQ(p.src_mac(), mac_a);
}

TEST(Link, WirelessDataFrames) {
    expect_both(LinkType::wireless, wireless(data, 0) + snap);
    expect_macs(wireless(data, 0));
    expect_macs(wireless(data, 1, station, src, dst));                // to the access point
    expect_macs(wireless(data, 2, dst, station, src));                // from it
    expect_macs(wireless(data, 3, station, station, dst) + src);      // between two of them
    expect_macs(wireless(qos_data, 1, station, src, dst) + "\0\0"s);  // quality of service
    expect_macs(wireless(qos_data, 3, station, station, dst) + src + "\0\0"s);
    expect_macs(wireless(qos_data, '\x82', dst, station, src) + "\0\0\0\0\0\0"s);  // HT control
}

TEST(Link, WirelessFramesWithoutAPacketOfTheirOwn) {
    const auto decode = [](const std::string& header) {
        return decode_after(LinkType::wireless, header + snap + "\x08\x00"s);
    };
    expect_non_ip(decode(wireless(data, 0x40)));  // encrypted
    expect_non_ip(decode(wireless(0x48, 0)));     // no data
    expect_non_ip(decode(wireless('\x80', 0)));   // a beacon
    expect_non_ip(decode(wireless('\xd4', 0)));   // an acknowledgement
    expect_non_ip(decode(wireless(data, 4)));     // more fragments follow
    std::string later = wireless(data, 0);
    later[22] = '\x11';  // fragment 1
    expect_non_ip(decode(later));
    EXPECT_EQ(decode(wireless(data, 0x40)).bytes, 24 + 8 + ip4.size());
}

TEST(Link, WirelessAggregates) {
    const std::string header = wireless(qos_data, 2, dst, station, src) + "\x80\0"s;
    const std::string content = snap + "\x08\x00"s + ip4;
    const std::string one = macs + "\0"s + static_cast<char>(content.size()) + content;
    expect_ip4(decode_exact(LinkType::wireless, header + one));
    EXPECT_EQ(decode_exact(LinkType::wireless, header + one).src_mac(), mac_a);
    expect_ip4(decode_exact(LinkType::wireless, header + one + "\0\0fcs!"s));
    expect_non_ip(decode_exact(LinkType::wireless, header + one + "\0\0"s + one));
}

TEST(Link, HeadersBeforeWirelessFrames) {
    const std::string frame = wireless(data, 0) + snap;
    expect_both(LinkType::radiotap, "\0\0\x08\0\0\0\0\0"s + frame);
    // Flags after a time, after three words of presence: no padding, then padding.
    const std::string present = "\x03\0\0\x80\0\0\0\x80\0\0\0\0"s;
    const std::string fields = "\0\0\x19\0"s + present + "timetime"s;
    expect_both(LinkType::radiotap, fields + "\x10"s + frame);
    const std::string odd = wireless(qos_data, 0) + "\0\0"s;  // 26 octets
    expect_both(LinkType::radiotap, fields + "\x20"s + odd + "\0\0"s + snap);
    expect_non_ip(decode_after(LinkType::radiotap, "\0\0\xff\xff\0\0\0\0"s + frame));
    expect_non_ip(decode_after(LinkType::radiotap, "\0\0\x02\0\0\0\0\0"s + frame));
    expect_both(LinkType::prism, "\x44\0\0\0\x90\0\0\0"s + std::string(136, '\0') + frame);
    expect_both(LinkType::prism, "\0\0\0\x44\0\0\0\x90"s + std::string(136, '\0') + frame);
    expect_both(LinkType::avs, "\x80\x21\x10\x01\0\0\0\x40"s + std::string(56, '\0') + frame);
}

TEST(Link, HeadersThatStateTheLinkType) {
    expect_both(LinkType::ppi, "\0\0\x08\0\x69\0\0\0"s + wireless(data, 0) + snap);
    expect_both(LinkType::ppi, "\0\0\x0c\0\x01\0\0\0"s + "\x05\0\0\0"s + macs);
    expect_non_ip(decode_after(LinkType::ppi, "\0\0\x08\0\xc0\0\0\0"s + "\0\0\x08\0\x0c\0\0\0"s));
    expect_non_ip(decode_after(LinkType::ppi, "\0\0\x07\0\x0c\0\0\0"s));
    const auto pktap = [](char link, char flags) {
        return "\x6c\0\0\0\x01\0\0\0"s + link + "\0\0\0"s + std::string(24, 'e') + flags +
               std::string(108 - 37, '\0');
    };
    for (const LinkType link : {LinkType::pktap, LinkType::pktap_user2}) {
        expect_both(link, pktap(1, 1) + macs);
        const Packet p = decode_after(link, pktap(12, 2));
        expect_ip4(p);
        EXPECT_EQ(p.direction, Direction::out);
        EXPECT_EQ(decode_after(link, pktap(12, 1)).direction, Direction::in);
        expect_non_ip(
            decode_after(link, "\x04\0\0\0\x01\0\0\0\x0c\0\0\0"s + std::string(96, '\0')));
    }
}

TEST(Link, FramesWithoutIpAreReadAndExcluded) {
    for (const LinkType link : {LinkType::low_rate, LinkType::low_rate_with_fcs}) {
        EXPECT_TRUE(is_supported(link));
        const Packet p = decode_after(link, "\x41\x88\x01"s);
        expect_non_ip(p);
        EXPECT_EQ(p.bytes, 3 + ip4.size());
    }
}

TEST(Link, NoHeaderIsReadBeyondWhatWasCaptured) {
    for (std::uint16_t link = 0; link < 300; ++link) {
        for (std::size_t size = 0; size < 130; ++size) {
            for (const char octet : {'\0', '\x01', '\x08', '\x45', '\x80', '\x88', '\xff'}) {
                const Packet p = decode_exact(LinkType{link}, std::string(size, octet), 200);
                EXPECT_LE(p.transport, size);
                EXPECT_LE(p.bytes, 200U);
            }
        }
    }
}

}  // namespace
}  // namespace octroi::packet
