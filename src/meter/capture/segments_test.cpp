// SPDX-License-Identifier: GPL-3.0-or-later
#include "meter/capture/segments.hpp"

#include <gtest/gtest.h>

#include "wire/packet/testing/build.hpp"

namespace octroi::capture {
namespace {

using packet::build::Frame;

const Mac here{{2, 0, 0, 0, 0, 1}};
const Mac there{{2, 0, 0, 0, 0, 2}};

Sample split(const Frame& frame, std::uint16_t payload_octets, std::size_t captured = 128) {
    const std::string octets = frame.octets();
    Sample sample{};
    sample.segments = 1;
    sample.wire_length = static_cast<std::uint32_t>(octets.size());
    const ByteSpan seen = as_octets(octets).first(std::min(captured, octets.size()));
    packet::decode(packet::LinkType::ethernet, seen, sample.wire_length, sample.packet);
    split_into_segments(payload_octets, seen, sample);
    return sample;
}

Frame tcp(std::size_t payload) {
    return Frame()
        .ethernet(here, there)
        .ipv4({.src = Address::v4(1U), .dst = Address::v4(2U)})
        .tcp(443, 40'000, 0x10)
        .payload(payload);
}

// 10,000 octets in segments of 1448: six full ones and one of 1312, each with its headers.
TEST(Segments, EachHasTheHeadersOfTheFrame) {
    const Sample sample = split(tcp(10'000), 1448);
    EXPECT_EQ(sample.segments, 7);
    EXPECT_EQ(sample.packet.bytes, 10'000U + 7 * 40);
    EXPECT_EQ(sample.wire_length, 10'000U + 7 * 54);
}

TEST(Segments, OfUdpAndIpv6InAVlan) {
    const Sample sample = split(
        Frame()
            .ethernet(here, there)
            .vlan(10)
            .ipv6({.src = *parse_address("2001:db8::1"), .dst = *parse_address("2001:db8::2")})
            .udp(443, 40'000)
            .payload(2400),
        1200);
    EXPECT_EQ(sample.segments, 2);
    EXPECT_EQ(sample.packet.bytes, 2400U + 2 * 48);
    EXPECT_EQ(sample.wire_length, 2400U + 2 * 66);
}

TEST(Segments, AFrameThatIsOneStaysOne) {
    EXPECT_EQ(split(tcp(1000), 0).segments, 1);
    EXPECT_EQ(split(tcp(1000), 1448).packet.bytes, 1040U);
    EXPECT_EQ(split(tcp(0), 1448).segments, 1);
    // The TCP header is not captured up to its length.
    EXPECT_EQ(split(tcp(10'000), 1448, 44).segments, 1);
}

}  // namespace
}  // namespace octroi::capture
