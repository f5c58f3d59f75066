// SPDX-License-Identifier: GPL-3.0-or-later
#include "wire/packet/payload.hpp"

#include <gtest/gtest.h>

#include <string>

#include "wire/packet/testing/frames.hpp"

namespace octroi::packet {
namespace {

using namespace testing_frames;

struct Found {
    explicit Found(const std::string& octets, LinkType link = LinkType::ethernet,
                   std::size_t wire_length = 0)
        : frame(octets) {
        const auto wire = wire_length != 0 ? wire_length : frame.size();
        there = find_payload(link, as_octets(frame), static_cast<std::uint32_t>(wire), packet, p);
        for (const std::byte octet : p.octets) text.push_back(static_cast<char>(octet));
    }
    std::string frame;
    Packet packet{};
    Payload p;
    bool there = false;
    std::string text;
};

TEST(Payload, ContainsNoPadding) {
    const Found f(
        ethernet().vlan(3).ipv4(v4_header()).protocol(17).raw("hello").padded_to(60).octets());
    ASSERT_TRUE(f.there);
    EXPECT_EQ(f.text, "hello");
    EXPECT_EQ(f.p.proto, 17);
    EXPECT_FALSE(f.p.fragment() || f.p.cut());
    EXPECT_EQ(f.packet.key.src(), v4_a);
}

TEST(Payload, FollowsExtensionHeaders) {
    const Found f(Frame()
                      .ipv6(v6_header())
                      .extension(0, std::string(14, '\0'))
                      .fragment(0, false, 7)
                      .extension(60, "")
                      .protocol(17)
                      .raw("hello")
                      .octets(),
                  LinkType::raw);
    ASSERT_TRUE(f.there);
    EXPECT_EQ(f.text, "hello");
    EXPECT_EQ(f.p.proto, 17);
    EXPECT_FALSE(f.p.fragment());
}

TEST(Payload, IsAPartInAFragment) {
    auto header = v4_header();
    header.id = 77;
    header.fragment_offset = 3;
    const Found v4(ethernet().ipv4(header).protocol(17).raw("later").octets());
    ASSERT_TRUE(v4.there);
    EXPECT_EQ(v4.p.offset, 24U);
    EXPECT_EQ(v4.p.fragment_id, 77U);
    EXPECT_FALSE(v4.p.more);
    EXPECT_EQ(v4.text, "later");
    const Found six(
        ethernet().ipv6(v6_header()).fragment(2, true, 99).protocol(17).raw("12345678").octets());
    ASSERT_TRUE(six.there);
    EXPECT_EQ(six.p.offset, 16U);
    EXPECT_TRUE(six.p.more);
    EXPECT_EQ(six.p.fragment_id, 99U);
    EXPECT_EQ(six.p.proto, 17);
    EXPECT_EQ(six.text, "12345678");
}

TEST(Payload, KnowsWhatTheSnapLengthCutOff) {
    const std::string whole = ethernet().ipv4(v4_header()).protocol(17).payload(100).octets();
    const Found f(whole.substr(0, 60), LinkType::ethernet, whole.size());
    ASSERT_TRUE(f.there);
    EXPECT_TRUE(f.p.cut());
    EXPECT_EQ(f.p.length, 100U);
    EXPECT_EQ(f.text.size(), 26U);
    EXPECT_FALSE(Found(whole.substr(0, 30), LinkType::ethernet, whole.size()).there);
    EXPECT_FALSE(Found(ethernet().type(0x0806).payload(46).octets()).there);
}

}  // namespace
}  // namespace octroi::packet
