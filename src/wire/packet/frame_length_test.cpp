// SPDX-License-Identifier: GPL-3.0-or-later
// No packet is longer than its frame: the lengths that an IP header may state.

#include <gtest/gtest.h>

#include <string>

#include "wire/packet/payload.hpp"
#include "wire/packet/testing/frames.hpp"

namespace octroi::packet {
namespace {

using namespace testing_frames;

// The frame with another length in its IP header, at `at`: the IPv4 total or the IPv6 payload.
std::string with_length(std::string frame, std::size_t at, std::uint16_t length) {
    frame[at] = static_cast<char>(length >> 8U);
    frame[at + 1] = static_cast<char>(length);
    return frame;
}

constexpr std::size_t v4_length_at = 14 + 2;
constexpr std::size_t v6_length_at = 14 + 4;

std::string udp4(std::size_t payload) {
    return ethernet().ipv4(v4_header()).udp(1, 2).payload(payload).octets();
}
std::string udp6(std::size_t payload) {
    return ethernet().ipv6(v6_header()).udp(1, 2).payload(payload).octets();
}

void expect_malformed(const Packet& p, std::size_t frame) {
    EXPECT_EQ(p.outcome, Outcome::malformed);
    EXPECT_EQ(p.bytes, frame);
    EXPECT_EQ(p.key.family(), Family::none);
    EXPECT_TRUE(p.key.src().empty());
    EXPECT_EQ(p.transport, 0U);
    EXPECT_EQ(p.fragment, Fragment::none);
    EXPECT_FALSE(p.truncated);
}

TEST(FrameLength, APacketEndsWithItsFrameAtTheLatest) {
    const std::string four = udp4(100);
    const std::string six = udp6(100);
    EXPECT_EQ(decode_exact(LinkType::ethernet, with_length(four, v4_length_at, 128)).bytes, 128U);
    EXPECT_EQ(decode_exact(LinkType::ethernet, with_length(six, v6_length_at, 108)).bytes, 148U);
    expect_malformed(decode_exact(LinkType::ethernet, with_length(four, v4_length_at, 129)), 142);
    expect_malformed(decode_exact(LinkType::ethernet, with_length(six, v6_length_at, 109)), 162);
    expect_malformed(decode_exact(LinkType::ethernet, with_length(four, v4_length_at, 65535)), 142);
    expect_malformed(decode_exact(LinkType::ethernet, with_length(six, v6_length_at, 65535)), 162);
}

TEST(FrameLength, WhatStandsBeforeTheIpHeaderIsNoPartOfThePacket) {
    for (Frame frame : {ethernet().vlan(1), ethernet().vlan(1).vlan(2), ethernet().pppoe(7),
                        ethernet().mpls(16, true), ethernet().snap()}) {
        Frame six = frame;
        const std::size_t at = frame.octets().size();
        const std::string whole = frame.ipv4(v4_header()).udp(1, 2).payload(30).octets();
        EXPECT_EQ(decode_exact(LinkType::ethernet, whole).bytes, 58U);
        expect_malformed(decode_exact(LinkType::ethernet, with_length(whole, at + 2, 59)),
                         whole.size());
        const std::string whole6 = six.ipv6(v6_header()).udp(1, 2).payload(30).octets();
        EXPECT_EQ(decode_exact(LinkType::ethernet, whole6).bytes, 78U);
        expect_malformed(decode_exact(LinkType::ethernet, with_length(whole6, at + 4, 39)),
                         whole6.size());
    }
    const std::string raw = Frame().ipv4(v4_header()).udp(1, 2).payload(30).octets();
    EXPECT_EQ(decode_exact(LinkType::raw, raw).bytes, 58U);
    expect_malformed(decode_exact(LinkType::raw, with_length(raw, 2, 59)), raw.size());
    const std::string cooked = Frame().cooked_v1(0, mac_a).ipv4(v4_header()).udp(1, 2).octets();
    expect_malformed(decode_exact(LinkType::linux_sll, with_length(cooked, 18, 29)), cooked.size());
}

TEST(FrameLength, TheCapturedLengthDoesNotMatter) {
    const std::string four = udp4(1400);
    const auto wire = static_cast<std::uint32_t>(four.size());
    for (const std::size_t captured : {34U, 40U, 64U, 1000U}) {
        EXPECT_EQ(decode_exact(LinkType::ethernet, four.substr(0, captured), wire).bytes, 1428U);
        expect_malformed(decode_exact(LinkType::ethernet, four.substr(0, captured), wire - 1),
                         wire - 1);
    }
    // More was captured than the file says was on the wire: captured octets were on the wire.
    EXPECT_EQ(decode_exact(LinkType::ethernet, four, 60).bytes, 1428U);
    expect_malformed(decode_exact(LinkType::ethernet, with_length(four, v4_length_at, 1429), 60),
                     wire);
}

TEST(FrameLength, FragmentsOptionsAndExtensionHeadersAreNoWayAround) {
    auto header = v4_header();
    header.more_fragments = true;
    std::string frame = ethernet().ipv4(header).udp(1, 2).payload(24).octets();
    expect_malformed(decode_exact(LinkType::ethernet, with_length(frame, v4_length_at, 65528)), 66);
    header = v4_header();
    header.options = "abcd";
    frame = ethernet().ipv4(header).udp(1, 2).payload(24).octets();
    expect_malformed(decode_exact(LinkType::ethernet, with_length(frame, v4_length_at, 1500)), 70);
    frame = ethernet().ipv4(v4_header()).protocol(47).payload(24).octets();  // GRE
    expect_malformed(decode_exact(LinkType::ethernet, with_length(frame, v4_length_at, 1500)), 58);
    frame = ethernet().ipv6(v6_header()).fragment(5, true, 9).payload(24).octets();
    expect_malformed(decode_exact(LinkType::ethernet, with_length(frame, v6_length_at, 1500)), 86);
    frame = ethernet().ipv6(v6_header()).extension(60, "").udp(1, 2).octets();
    expect_malformed(decode_exact(LinkType::ethernet, with_length(frame, v6_length_at, 1500)),
                     frame.size());
}

std::string jumbogram(std::uint32_t length) {
    auto header = v6_header();
    header.without_length = true;
    return ethernet().ipv6(header).jumbo(length).udp(7, 8).payload(20).octets();
}

TEST(FrameLength, AJumboOptionIsBoundedByTheFrame) {
    const auto size = static_cast<std::uint32_t>(jumbogram(0).size());
    for (const std::uint32_t length : {0xffff'ffffU, 0xffff'ffd7U, 0x8000'0000U, 65'536U})
        expect_malformed(decode_exact(LinkType::ethernet, jumbogram(length)), size);
    // BIG TCP: the frame is that long.
    EXPECT_EQ(decode_exact(LinkType::ethernet, jumbogram(200'000), 200'054).bytes, 200'040U);
    expect_malformed(decode_exact(LinkType::ethernet, jumbogram(200'001), 200'054), 200'054);
    // RFC 2675, 3: a length that the payload length could state. Otherwise a frame of 1500 octets
    // would count as 48.
    expect_malformed(decode_exact(LinkType::ethernet, jumbogram(8), 1500), 1500);
    expect_malformed(decode_exact(LinkType::ethernet, jumbogram(0), 1500), 1500);
}

TEST(FrameLength, ALengthThatNoFrameHasIsNotBelieved) {
    const std::string four = udp4(100);
    const std::string six = udp6(100);
    const auto length_of = [](const std::string& frame, std::uint32_t wire) {
        return decode_exact(LinkType::ethernet, frame, wire);
    };
    for (const std::uint32_t wire : {unknown_frame_length, max_frame_length + 1, 0x8000'0000U}) {
        EXPECT_EQ(length_of(four, wire).bytes, 128U);
        EXPECT_EQ(length_of(with_length(four, v4_length_at, 65535), wire).bytes, 65535U);
        EXPECT_EQ(length_of(with_length(six, v6_length_at, 65535), wire).bytes, 65575U);
        EXPECT_EQ(length_of(ethernet().type(0x0806).payload(28).octets(), wire).bytes, 42U);
        // Nothing states the length of these.
        expect_malformed(length_of(with_length(four, v4_length_at, 0), wire), four.size());
        expect_malformed(length_of(with_length(six, v6_length_at, 0), wire), six.size());
        expect_malformed(length_of(jumbogram(100'000), wire), jumbogram(0).size());
    }
    EXPECT_EQ(length_of(with_length(four, v4_length_at, 0), max_frame_length).bytes,
              max_frame_length - 14);
}

TEST(FrameLength, NoPayloadOfAPacketThatDoesNotFit) {
    const std::string bad = with_length(udp4(100), v4_length_at, 2000);
    Packet packet;
    Payload payload;
    EXPECT_FALSE(find_payload(LinkType::ethernet, as_octets(bad),
                              static_cast<std::uint32_t>(bad.size()), packet, payload));
    EXPECT_EQ(packet.outcome, Outcome::malformed);
}

}  // namespace
}  // namespace octroi::packet
