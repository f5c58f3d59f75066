// SPDX-License-Identifier: GPL-3.0-or-later
#include "wire/packet/packet.hpp"

#include <gtest/gtest.h>

#include <initializer_list>
#include <memory>
#include <string>

#include "wire/packet/testing/frames.hpp"

namespace octroi::packet {
namespace {

using namespace testing_frames;

// A UDP datagram of 10 octets between the two v4 hosts: 20 + 8 + 10.
void expect_udp4(const Packet& p) {
    EXPECT_EQ(p.outcome, Outcome::ip);
    EXPECT_EQ(p.key.src(), v4_a);
    EXPECT_EQ(p.key.dst(), v4_b);
    EXPECT_EQ(p.key.proto(), 17);
    EXPECT_EQ(p.key.sport(), 1000);
    EXPECT_EQ(p.key.dport(), 53);
    EXPECT_EQ(p.bytes, 38U);
    EXPECT_FALSE(p.truncated);
}
Frame& udp4(Frame& frame) { return frame.ipv4(v4_header()).udp(1000, 53).payload(10); }

void expect_udp6(const Packet& p) {
    EXPECT_EQ(p.outcome, Outcome::ip);
    EXPECT_EQ(p.key.src(), v6(1));
    EXPECT_EQ(p.key.dst(), v6(2));
    EXPECT_EQ(p.key.proto(), 17);
    EXPECT_EQ(p.key.sport(), 1000);
    EXPECT_EQ(p.bytes, 58U);
}
Frame& udp6(Frame& frame) { return frame.ipv6(v6_header()).udp(1000, 53).payload(10); }

TEST(Packet, TcpOverEthernet) {
    auto header = v4_header();
    header.tos = 0x2e;
    const Packet p =
        decode_exact(LinkType::ethernet,
                     ethernet().ipv4(header).tcp(40000, 443, 0x12).payload(1000).octets(), 0, 7);
    EXPECT_EQ(p.outcome, Outcome::ip);
    EXPECT_EQ(p.key.src(), v4_a);
    EXPECT_EQ(p.key.dst(), v4_b);
    EXPECT_EQ(p.key.sport(), 40000);
    EXPECT_EQ(p.key.dport(), 443);
    EXPECT_EQ(p.key.proto(), 6);
    EXPECT_EQ(p.key.family(), Family::v4);
    EXPECT_EQ(p.key.interface(), 7);
    EXPECT_EQ(p.key.vlan(), 0);
    EXPECT_EQ(p.bytes, 1040U);
    EXPECT_EQ(p.tcp_flags, 0x12);
    EXPECT_EQ(p.tos, 0x2e);
    EXPECT_EQ(p.src_mac(), mac_a);
    EXPECT_EQ(p.dst_mac(), mac_b);
    EXPECT_EQ(p.ethertype, 0x0800);
    EXPECT_EQ(p.transport, 34U);
    EXPECT_EQ(p.fragment, Fragment::none);
    EXPECT_EQ(p.fragment_id, 0U);
}

TEST(Packet, PaddingAndSnapLengthDoNotCount) {
    const std::string padded = ethernet().ipv4(v4_header()).udp(1, 2).padded_to(60).octets();
    EXPECT_EQ(decode_exact(LinkType::ethernet, padded).bytes, 28U);
    const std::string long_one = ethernet().ipv4(v4_header()).tcp(1, 2, 0).payload(1400).octets();
    const Packet cut = decode_exact(LinkType::ethernet, long_one.substr(0, 64),
                                    static_cast<std::uint32_t>(long_one.size()));
    EXPECT_EQ(cut.bytes, 1440U);
    EXPECT_FALSE(cut.truncated);
}

TEST(Packet, PaddingIsNotDecodedAsATransportHeader) {
    const Packet p =
        decode_exact(ethernet().ipv4(v4_header()).protocol(6).raw("\x01\x02").padded_to(60));
    EXPECT_EQ(p.key.sport(), 0);
    EXPECT_EQ(p.bytes, 22U);
    EXPECT_FALSE(p.truncated);
}

TEST(Packet, TagsGoIntoTheKey) {
    Frame one = ethernet().vlan(0x5007);  // priority bits are not part of the id
    Packet p = decode_exact(udp4(one));
    expect_udp4(p);
    EXPECT_EQ(p.key.vlan(), 7);
    EXPECT_EQ(p.key.inner_vlan(), 0);
    EXPECT_EQ(p.ethertype, 0x0800);
    for (const auto outer :
         std::initializer_list<std::uint16_t>{0x8100, 0x88a8, 0x9100, 0x9200, 0x9300}) {
        Frame two = ethernet().vlan(7, outer).vlan(8);
        p = decode_exact(udp6(two));
        expect_udp6(p);
        EXPECT_EQ(p.key.vlan(), 7);
        EXPECT_EQ(p.key.inner_vlan(), 8);
    }
}

TEST(Packet, SkipsMoreThanTwoTagsUpToALimit) {
    Frame three = ethernet().vlan(1).vlan(2).vlan(3);
    const Packet p = decode_exact(udp4(three));
    expect_udp4(p);
    EXPECT_EQ(p.key.inner_vlan(), 2);
    Frame endless = ethernet();
    for (int i = 0; i < 40; ++i) endless.vlan(1);
    EXPECT_EQ(decode_exact(udp4(endless)).outcome, Outcome::non_ip);
}

TEST(Packet, Encapsulations) {
    Frame snap = ethernet().snap();
    expect_udp4(decode_exact(udp4(snap)));
    Frame pppoe = ethernet().pppoe(9);
    expect_udp4(decode_exact(udp4(pppoe)));
    Frame pppoe6 = ethernet().vlan(3).pppoe(9);
    expect_udp6(decode_exact(udp6(pppoe6)));
    Frame mpls = ethernet().mpls(16, false).mpls(17, true);
    expect_udp4(decode_exact(udp4(mpls)));
    Frame mpls6 = ethernet().mpls(16, true);
    expect_udp6(decode_exact(udp6(mpls6)));
    Frame pseudowire = ethernet().mpls(16, true).payload(4).ethernet(mac_a, mac_b);
    expect_udp4(decode_exact(udp4(pseudowire)));
    Frame backbone = ethernet().type(0x88e7).payload(4).ethernet(mac_a, mac_b);
    expect_udp4(decode_exact(udp4(backbone)));
}

TEST(Packet, LinkTypes) {
    const auto check = [](LinkType link, Frame frame) {
        Frame six = frame;
        EXPECT_TRUE(is_supported(link)) << static_cast<int>(link);
        expect_udp4(decode_exact(link, udp4(frame).octets()));
        expect_udp6(decode_exact(link, udp6(six).octets()));
    };
    check(LinkType::ethernet, ethernet());
    check(LinkType::raw, Frame());
    check(LinkType::raw_bsd, Frame());
    check(LinkType::raw_openbsd, Frame());
    check(LinkType::linux_sll, Frame().cooked_v1(0, mac_a));
    check(LinkType::linux_sll2, Frame().cooked_v2(0, mac_a));
    check(LinkType::ppp, Frame().ppp(true));
    check(LinkType::ppp, Frame().ppp(false));
    check(LinkType::ppp_hdlc, Frame().ppp(true));
    check(LinkType::mpls, Frame().mpls(5, true));
    expect_udp4(decode_exact(LinkType::ipv4, udp4(*std::make_unique<Frame>()).octets()));
    expect_udp6(decode_exact(LinkType::ipv6, udp6(*std::make_unique<Frame>()).octets()));
    EXPECT_FALSE(is_supported(LinkType{147}));
    EXPECT_EQ(name(LinkType{147}), "");
    EXPECT_EQ(decode_exact(LinkType{147}, ethernet().octets()).outcome, Outcome::non_ip);
}

TEST(Packet, LoopbackOfEverySystemInBothByteOrders) {
    for (const bool big : {false, true}) {
        for (const LinkType link : {LinkType::null, LinkType::loop}) {
            Frame four = Frame().loopback(2, big);
            expect_udp4(decode_exact(link, udp4(four).octets()));
            for (const std::uint32_t family : {10U, 23U, 24U, 28U, 30U}) {
                Frame six = Frame().loopback(family, big);
                expect_udp6(decode_exact(link, udp6(six).octets()));
            }
            Frame other = Frame().loopback(7, big);
            EXPECT_EQ(decode_exact(link, udp4(other).octets()).outcome, Outcome::non_ip);
        }
    }
}

TEST(Packet, SmallLinkHeaders) {
    using namespace std::string_view_literals;
    const auto check = [](LinkType link, std::string_view head,
                          Direction direction = Direction::unknown) {
        Frame frame = Frame().raw(head);
        const Packet p = decode_exact(link, udp4(frame).octets());
        expect_udp4(p);
        EXPECT_EQ(p.direction, direction);
    };
    check(LinkType::cisco_hdlc, "\x0f\x00\x08\x00"sv);
    check(LinkType::ppp_hdlc, "\x8f\x00\x08\x00"sv);
    check(LinkType::ppp, "\x21"sv);  // compressed protocol
    check(LinkType::ppp, "\xff\x03\x21"sv);
    check(LinkType::ppp_pppd, "\x01\x03\x00\x21"sv, Direction::out);
    check(LinkType::ppp_pppd, "\x00\x21"sv, Direction::in);
    check(LinkType::ppp_with_direction, "\x00\xff\x03\x00\x21"sv, Direction::in);
    check(LinkType::ppp_ether, "\x11\x00\x00\x01\x00\x28\x00\x21"sv);
    check(LinkType::atm_rfc1483, "\xaa\xaa\x03\x00\x00\x00\x08\x00"sv);
    check(LinkType::atm_rfc1483, "\xaa\xaa\x03\x00\x00\xf8\x08\x00"sv);  // bridge tunnel
    check(LinkType::atm_rfc1483, "\x06\x06\x03"sv);
    Frame foreign = Frame().raw("\xaa\xaa\x03\x00\x00\x0c\x08\x00"sv);  // another OUI
    EXPECT_EQ(decode_exact(LinkType::atm_rfc1483, udp4(foreign).octets()).outcome, Outcome::non_ip);
    check(LinkType::pflog, "\x05\x02\x00\x00\x00\x00\x00\x00"sv);
    check(LinkType::nflog, "\x02\x00\x00\x05\x05\x00\x0a\x00x\x00\x00\x00\x2a\x00\x09\x00"sv);
}

TEST(Packet, CookedFramesHaveDirectionAndSender) {
    Frame in = Frame().cooked_v1(0, mac_a);
    Packet p = decode_exact(LinkType::linux_sll, udp4(in).octets());
    EXPECT_EQ(p.direction, Direction::in);
    EXPECT_EQ(p.src_mac(), mac_a);
    EXPECT_TRUE(p.dst_mac().empty());
    Frame out = Frame().cooked_v2(4, mac_b).vlan(12);
    p = decode_exact(LinkType::linux_sll2, udp4(out).octets());
    expect_udp4(p);
    EXPECT_EQ(p.direction, Direction::out);
    EXPECT_EQ(p.key.vlan(), 12);
    EXPECT_EQ(p.src_mac(), mac_b);
}

TEST(Packet, NonIpIsChargedByItsLengthOnTheWire) {
    const Packet p = decode_exact(LinkType::ethernet,
                                  ethernet().vlan(5).type(0x0806).payload(28).octets(), 64, 3);
    EXPECT_EQ(p.outcome, Outcome::non_ip);
    EXPECT_EQ(p.bytes, 64U);
    EXPECT_EQ(p.ethertype, 0x0806);
    EXPECT_EQ(p.key.vlan(), 5);
    EXPECT_EQ(p.key.interface(), 3);
    EXPECT_TRUE(p.key.src().empty());
    EXPECT_EQ(p.src_mac(), mac_a);
    EXPECT_EQ(decode_exact(ethernet().type(100).payload(100)).outcome, Outcome::non_ip);
    EXPECT_EQ(decode_exact(ethernet().type(0x8863).payload(60)).outcome, Outcome::non_ip);
    EXPECT_EQ(decode_exact(ethernet().mpls(3, true).payload(60)).outcome, Outcome::non_ip);
    EXPECT_EQ(decode_exact(ethernet().mpls(3, false)).outcome, Outcome::non_ip);
    EXPECT_EQ(decode_exact(LinkType::ethernet, "short").outcome, Outcome::non_ip);
}

TEST(Packet, InvalidHeadersAreMalformed) {
    const std::string good = udp4(*std::make_unique<Frame>(ethernet())).octets();
    const auto with = [&good](std::size_t at, std::string_view octets) {
        std::string bad = good;
        bad.replace(at, octets.size(), octets);
        return decode_exact(LinkType::ethernet, bad);
    };
    using namespace std::string_view_literals;
    for (const Packet& p : {with(14, "\x44"sv), with(14, "\x55"sv), with(14, "\x65"sv),
                            with(16, "\x00\x13"sv), with(12, "\x86\xdd"sv)}) {
        EXPECT_EQ(p.outcome, Outcome::malformed);
        EXPECT_EQ(p.bytes, good.size());
        EXPECT_EQ(p.key.family(), Family::none);
    }
    for (std::size_t size = 14; size < 34; ++size)
        EXPECT_EQ(decode_exact(LinkType::ethernet, good.substr(0, size)).outcome,
                  Outcome::malformed);
}

TEST(Packet, FieldsAfterTheSnapLengthAreZeroAndMarked) {
    const std::string octets = ethernet().ipv4(v4_header()).tcp(1, 2, 0x18).payload(50).octets();
    const auto wire = static_cast<std::uint32_t>(octets.size());
    Packet p = decode_exact(LinkType::ethernet, octets.substr(0, 34), wire);
    EXPECT_TRUE(p.truncated);
    EXPECT_EQ(p.key.sport(), 0);
    EXPECT_EQ(p.bytes, 90U);
    p = decode_exact(LinkType::ethernet, octets.substr(0, 47), wire);
    EXPECT_TRUE(p.truncated);
    EXPECT_EQ(p.key.dport(), 2);
    EXPECT_EQ(p.tcp_flags, 0);
    p = decode_exact(LinkType::ethernet, octets.substr(0, 48), wire);
    EXPECT_FALSE(p.truncated);
    EXPECT_EQ(p.tcp_flags, 0x18);
}

TEST(Packet, Ipv4Options) {
    auto header = v4_header();
    header.options = std::string_view("\x94\x04\x00\x00", 4);
    const Packet p = decode_exact(ethernet().ipv4(header).udp(1000, 53).payload(10));
    EXPECT_EQ(p.key.sport(), 1000);
    EXPECT_EQ(p.bytes, 42U);
    EXPECT_EQ(p.transport, 38U);
}

TEST(Packet, ALengthOfZeroIsReplacedByTheWireLength) {
    auto four = v4_header();
    four.without_length = true;
    const std::string octets = ethernet().vlan(1).ipv4(four).tcp(1, 2, 0).payload(30).octets();
    EXPECT_EQ(decode_exact(LinkType::ethernet, octets, 65'018).bytes, 65'000U);
    auto six = v6_header();
    six.without_length = true;
    const std::string octets6 = ethernet().ipv6(six).tcp(1, 2, 0).payload(30).octets();
    const Packet p = decode_exact(LinkType::ethernet, octets6, 65'014);
    EXPECT_EQ(p.bytes, 65'000U);
    EXPECT_EQ(p.key.dport(), 2);
    // No octets follow: a payload length of 0 is right.
    EXPECT_EQ(decode_exact(ethernet().ipv6(six).protocol(59).padded_to(60)).bytes, 40U);
}

TEST(Packet, Jumbogram) {
    auto header = v6_header();
    header.without_length = true;
    const std::string octets =
        ethernet().ipv6(header).jumbo(100'000).tcp(7, 8, 2).payload(10).octets();
    const Packet p = decode_exact(LinkType::ethernet, octets, 100'054);
    EXPECT_EQ(p.bytes, 100'040U);
    EXPECT_EQ(p.key.proto(), 6);
    EXPECT_EQ(p.key.sport(), 7);
    // The option is ignored if there is a payload length (RFC 2675, 3).
    EXPECT_EQ(decode_exact(ethernet().ipv6(v6_header()).jumbo(100'000).tcp(7, 8, 2)).bytes, 68U);
}

TEST(Packet, Ipv4Fragments) {
    auto header = v4_header();
    header.id = 0x1234;
    header.more_fragments = true;
    Packet p = decode_exact(ethernet().ipv4(header).udp(1000, 53).payload(100));
    EXPECT_EQ(p.fragment, Fragment::first);
    EXPECT_EQ(p.fragment_id, 0x1234U);
    EXPECT_EQ(p.key.dport(), 53);
    header.fragment_offset = 20;
    for (const bool more : {true, false}) {
        header.more_fragments = more;
        p = decode_exact(ethernet().ipv4(header).protocol(17).payload(100));
        EXPECT_EQ(p.outcome, Outcome::ip);
        EXPECT_EQ(p.fragment, Fragment::later);
        EXPECT_EQ(p.fragment_id, 0x1234U);
        EXPECT_EQ(p.key.proto(), 17);
        EXPECT_EQ(p.key.dport(), 0);
        EXPECT_EQ(p.bytes, 120U);
    }
}

TEST(Packet, Ipv6Fragments) {
    const auto frame = [](std::uint16_t offset, bool more) {
        return decode_exact(ethernet()
                                .ipv6(v6_header())
                                .fragment(offset, more, 0xdeadbeef)
                                .udp(1000, 53)
                                .payload(100));
    };
    Packet p = frame(0, true);
    EXPECT_EQ(p.fragment, Fragment::first);
    EXPECT_EQ(p.fragment_id, 0xdeadbeefU);
    EXPECT_EQ(p.key.dport(), 53);
    p = frame(5, false);
    EXPECT_EQ(p.fragment, Fragment::later);
    EXPECT_EQ(p.fragment_id, 0xdeadbeefU);
    EXPECT_EQ(p.key.proto(), 17);
    EXPECT_EQ(p.key.dport(), 0);
    p = frame(0, false);  // atomic
    EXPECT_EQ(p.fragment, Fragment::none);
    EXPECT_EQ(p.fragment_id, 0U);
    EXPECT_EQ(p.key.dport(), 53);
}

TEST(Packet, SkipsIpv6ExtensionHeaders) {
    Packet p = decode_exact(ethernet()
                                .ipv6(v6_header())
                                .extension(0, "\x05\x02\x01\x01")
                                .extension(60, "")
                                .extension(43, std::string(22, '\0'))
                                .authentication(1)
                                .extension(60, "abcdefgh")
                                .tcp(5, 6, 0x10));
    EXPECT_EQ(p.key.proto(), 6);
    EXPECT_EQ(p.key.sport(), 5);
    EXPECT_EQ(p.tcp_flags, 0x10);
    EXPECT_FALSE(p.truncated);
    p = decode_exact(ethernet().ipv6(v6_header()).extension(0, "").icmpv6(143, 9));
    EXPECT_EQ(p.key.proto(), 58);
    EXPECT_EQ(p.key.icmp_type(), 143);
    EXPECT_EQ(p.key.icmp_code(), 9);
    const std::string cut =
        ethernet().ipv6(v6_header()).extension(60, std::string(30, 'x')).udp(1, 2).octets();
    p = decode_exact(LinkType::ethernet, cut.substr(0, 70), static_cast<std::uint32_t>(cut.size()));
    EXPECT_TRUE(p.truncated);
    EXPECT_EQ(p.key.proto(), 17);
    EXPECT_EQ(p.key.sport(), 0);
}

TEST(Packet, LimitsTheChainOfHeaders) {
    Frame frame = ethernet().ipv6(v6_header());
    for (int i = 0; i < 1000; ++i) frame.extension(60, "");
    const Packet p = decode_exact(frame.udp(1, 2));
    EXPECT_EQ(p.outcome, Outcome::ip);
    EXPECT_EQ(p.key.proto(), 60);
    EXPECT_TRUE(p.truncated);
    EXPECT_EQ(p.bytes, 40U + 8000U + 8U);
}

TEST(Packet, ReadsPortsAndTypesOfEveryProtocol) {
    for (const auto proto : std::initializer_list<std::uint8_t>{17, 33, 132, 136}) {
        const Packet p = decode_exact(
            ethernet().ipv4(v4_header()).protocol(proto).raw("\x01\x02\x03\x04").payload(30));
        EXPECT_EQ(p.key.proto(), proto);
        EXPECT_EQ(p.key.sport(), 0x0102);
        EXPECT_EQ(p.key.dport(), 0x0304);
    }
    // For tunnels the outer packet counts.
    for (const auto proto : std::initializer_list<std::uint8_t>{4, 41, 47, 50, 51, 112}) {
        const Packet p = decode_exact(
            ethernet().ipv4(v4_header()).protocol(proto).raw("\x01\x02\x03\x04").payload(30));
        EXPECT_EQ(p.key.proto(), proto);
        EXPECT_EQ(p.key.sport(), 0);
        EXPECT_EQ(p.key.icmp_type(), 0);
        EXPECT_EQ(p.bytes, 54U);
    }
    const Packet p = decode_exact(ethernet().ipv4(v4_header()).icmp(3, 13).payload(30));
    EXPECT_EQ(p.key.icmp_type(), 3);
    EXPECT_EQ(p.key.icmp_code(), 13);
    EXPECT_EQ(p.key.sport(), 0);
}

}  // namespace
}  // namespace octroi::packet
