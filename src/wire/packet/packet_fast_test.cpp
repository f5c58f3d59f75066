// SPDX-License-Identifier: GPL-3.0-or-later
#include "wire/packet/packet_fast.hpp"

#include <gtest/gtest.h>

#include <array>
#include <random>
#include <string>

#include "wire/packet/detail.hpp"
#include "wire/packet/testing/frames.hpp"

namespace octroi::packet {
namespace {

using namespace testing_frames;

// The fast path must give the results of the general decoder, for common packets and for all
// others: random frames, truncated and damaged at random.
Frame random_frame(std::mt19937& random) {
    const auto any = [&random](unsigned below) {
        return static_cast<std::uint16_t>(random() % below);
    };
    Frame frame = ethernet();
    if (any(3) == 0) frame.vlan(any(4096));
    if (any(8) == 0) frame.vlan(any(4096));
    if (any(2) == 0) {
        auto header = v4_header();
        header.tos = static_cast<std::uint8_t>(any(256));
        header.more_fragments = any(10) == 0;
        header.fragment_offset = any(10) == 0 ? any(100) : std::uint16_t{0};
        if (any(5) == 0) header.options = "abcd";
        frame.ipv4(header);
    } else {
        auto header = v6_header();
        header.traffic_class = static_cast<std::uint8_t>(any(256));
        frame.ipv6(header);
        if (any(6) == 0) frame.extension(60, "x");
    }
    switch (any(5)) {
        case 0:
            frame.tcp(any(65535), any(65535), static_cast<std::uint8_t>(any(256)));
            break;
        case 1:
            frame.udp(any(65535), any(65535));
            break;
        case 2:
            frame.icmp(static_cast<std::uint8_t>(any(256)), static_cast<std::uint8_t>(any(256)));
            break;
        case 3:
            frame.icmpv6(static_cast<std::uint8_t>(any(256)), static_cast<std::uint8_t>(any(256)));
            break;
        default:
            frame.protocol(static_cast<std::uint8_t>(any(256))).payload(8);
    }
    return frame.payload(any(40)).padded_to(any(2) == 0 ? 0 : 64);
}

// Compares every field.
void expect_same(const Packet& a, const Packet& b) {
    EXPECT_EQ(a.key, b.key);
    EXPECT_EQ(a.bytes, b.bytes);
    EXPECT_EQ(a.fragment_id, b.fragment_id);
    EXPECT_EQ(a.transport, b.transport);
    EXPECT_EQ(a.macs, b.macs);
    EXPECT_EQ(a.ethertype, b.ethertype);
    EXPECT_EQ(a.tos, b.tos);
    EXPECT_EQ(a.tcp_flags, b.tcp_flags);
    EXPECT_EQ(a.outcome, b.outcome);
    EXPECT_EQ(a.fragment, b.fragment);
    EXPECT_EQ(a.direction, b.direction);
    EXPECT_EQ(a.truncated, b.truncated);
}

// The result of the general decoder for an IP frame with at most one tag.
bool decode_generally(const std::string& octets, std::uint32_t wire_length, Packet& out) {
    out = Packet{};
    detail::Work work = detail::Work::of(as_octets(octets), wire_length, 5, out);
    if (octets.size() < 18) return false;
    std::memcpy(out.macs.data(), octets.data(), 12);
    out.ethertype = work.be16(12);
    std::size_t at = 14;
    if (out.ethertype == 0x8100) {
        work.vlan = work.be16(14) & 0x0fffU;
        out.ethertype = work.be16(16);
        at = 18;
    }
    if (out.ethertype == 0x0800) {
        detail::ipv4(work, at);
    } else if (out.ethertype == 0x86dd) {
        detail::ipv6(work, at);
    } else {
        return false;
    }
    return true;
}

TEST(PacketFast, AgreesWithTheGeneralDecoder) {
    std::mt19937 random(20261121);
    int compared = 0;
    for (int round = 0; round < 50'000; ++round) {
        std::string octets = random_frame(random).octets();
        if (random() % 4 == 0) octets.resize(random() % (octets.size() + 1));
        if (random() % 4 == 0 && !octets.empty())
            octets[random() % octets.size()] = static_cast<char>(random());
        // Below the captured length; exactly that; cut by the snap length; not believed.
        const auto size = static_cast<std::uint32_t>(octets.size());
        const std::array lengths{size / 2 + 1, size, size + 1000, 0x0100'0000U + size};
        const std::uint32_t wire_length = lengths[random() % lengths.size()];
        Packet want;
        if (!decode_generally(octets, wire_length, want)) continue;
        expect_same(decode_exact(LinkType::ethernet, octets, wire_length, 5), want);
        ASSERT_FALSE(HasFailure()) << "round " << round;
        ++compared;
    }
    EXPECT_GT(compared, 30'000);
}

TEST(Packet, DecodesRandomOctetsOfEveryLinkType) {
    std::mt19937 random(7);
    for (int round = 0; round < 20'000; ++round) {
        std::string octets = random_frame(random).octets().substr(random() % 14);
        octets.resize(random() % (octets.size() + 1));
        const auto link = LinkType{static_cast<std::uint16_t>(random() % 300)};
        const Packet p = decode_exact(link, octets, 1500);
        if (p.outcome != Outcome::ip) {
            EXPECT_EQ(p.bytes, 1500U);
        }
        EXPECT_LE(p.transport, octets.size());
    }
}

}  // namespace
}  // namespace octroi::packet
