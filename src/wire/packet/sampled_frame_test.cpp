// SPDX-License-Identifier: GPL-3.0-or-later
#include "wire/packet/sampled_frame.hpp"

#include <gtest/gtest.h>

#include <string>

#include "wire/packet/testing/frames.hpp"

namespace octroi::packet {
namespace {

using namespace testing_frames;

SampledFrame sample(std::string_view octets, std::optional<std::uint32_t> frame,
                    std::uint32_t stripped = 0, LinkType link = LinkType::ethernet) {
    SampledFrame out;
    decode_sampled(link, as_octets(octets), {.frame = frame, .stripped = stripped}, out);
    return out;
}

// A frame of 1514 octets, cut after `sampled`.
std::string long_frame(std::size_t sampled) {
    return ethernet().ipv4(v4_header()).tcp(1, 2, 0x10).payload(1460).octets().substr(0, sampled);
}

TEST(SampledFrame, TheFrameLengthConfirmsTheIpLength) {
    for (const std::uint32_t frame : {1514U, 1518U, 9000U}) {
        const SampledFrame s = sample(long_frame(128), frame);
        EXPECT_EQ(s.packet.outcome, Outcome::ip);
        EXPECT_EQ(s.packet.bytes, 1500U);
        EXPECT_EQ(s.packet.key.src(), v4_a);
        EXPECT_EQ(s.packet.key.dport(), 2);
        EXPECT_EQ(s.doubt, LengthDoubt::none);
    }
    EXPECT_EQ(sample(long_frame(128), 1518, 4).packet.bytes, 1500U);
    const std::string arp = ethernet().type(0x0806).payload(46).octets();
    EXPECT_EQ(sample(arp, 64, 4).packet.bytes, 60U);
}

TEST(SampledFrame, TheIpLengthCountsWhereTheMakerStatesAWrongFrameLength) {
    for (const std::uint32_t frame : {0U, 60U, 64U, 128U, 256U, 512U, 1500U, 0xffff'ffffU}) {
        const SampledFrame s = sample(long_frame(128), frame);
        EXPECT_EQ(s.packet.outcome, Outcome::ip) << frame;
        EXPECT_EQ(s.packet.bytes, 1500U) << frame;
        EXPECT_EQ(s.doubt, LengthDoubt::frame_length) << frame;
    }
    const SampledFrame absent = sample(long_frame(128), std::nullopt);
    EXPECT_EQ(absent.packet.bytes, 1500U);
    EXPECT_EQ(absent.doubt, LengthDoubt::no_frame_length);
}

TEST(SampledFrame, AFrameThatIsTooShortIsMalformed) {
    std::string forged = ethernet().ipv4(v4_header()).udp(1, 2).payload(32).octets();
    ASSERT_EQ(forged.size(), 74U);
    forged[16] = forged[17] = '\xff';
    for (const auto& s : {sample(forged, 74), sample(forged, 78, 4), sample(forged, 1400)}) {
        EXPECT_EQ(s.packet.outcome, Outcome::malformed);
        EXPECT_LE(s.packet.bytes, 1400U);
        EXPECT_EQ(s.doubt, LengthDoubt::none);
    }
}

TEST(SampledFrame, NoLengthIsBelievedBeyondThatOfAPlainPacket) {
    auto header = v6_header();
    header.without_length = true;
    const std::string jumbo =
        ethernet().ipv6(header).jumbo(0xffff'ffd7).udp(7, 8).payload(20).octets();
    for (const std::uint32_t frame : {0U, 64U, 82U, 128U, 1000U, 0xffff'ffffU}) {
        const SampledFrame s = sample(jumbo, frame);
        EXPECT_EQ(s.packet.outcome, Outcome::malformed) << frame;
        EXPECT_LE(s.packet.bytes, 1000U) << frame;
    }
    EXPECT_EQ(sample(jumbo, std::nullopt).packet.outcome, Outcome::malformed);
    // Frames without IP have no other length than that of the frame.
    const std::string arp = ethernet().type(0x0806).payload(46).octets();
    EXPECT_EQ(sample(arp, 0xffff'ffff).packet.bytes, 60U);
    EXPECT_EQ(sample(arp, 0).packet.bytes, 60U);
    EXPECT_EQ(sample(arp, 0).doubt, LengthDoubt::frame_length);
}

TEST(SampledFrame, SectionsFromTheIpHeaderOn) {
    const std::string frame = long_frame(128).substr(14);
    const SampledFrame s = sample(frame, std::nullopt, 0, LinkType::raw);
    EXPECT_EQ(s.packet.bytes, 1500U);
    EXPECT_EQ(s.packet.key.dst(), v4_b);
    EXPECT_EQ(s.packet.key.sport(), 1);
}

TEST(SampledFrame, AStatedIpLengthIsComparedWithTheFrame) {
    EXPECT_TRUE(contradicts(74, 65'535));
    EXPECT_TRUE(contradicts(1000, 1001));
    EXPECT_FALSE(contradicts(1000, 1000));
    EXPECT_FALSE(contradicts(128, 1500));
    EXPECT_FALSE(contradicts(0, 1500));
    EXPECT_FALSE(contradicts(0xffff'ffff, 1500));
}

}  // namespace
}  // namespace octroi::packet
