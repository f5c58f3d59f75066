// SPDX-License-Identifier: GPL-3.0-or-later
#include "wire/exporter/snapshot_values.hpp"

#include <gtest/gtest.h>

#include "wire/exporter/stream_key.hpp"

namespace octroi::exporter {
namespace {

TEST(SnapshotValues, ComeBackAsTheyWere) {
    flow::MessageContext context;
    context.exporter = Address::v4(0xcb007101);
    context.protocol = flow::Protocol::ipfix;
    context.observation_domain = 7;
    context.exported = UtcTime{-5};
    context.received = UtcTime::max();
    context.transport_session = 5000;
    ipfix::Origin origin;
    origin.has_uptime = true;
    origin.uptime_ms = 99;
    origin.icmp_in_port = true;
    ByteWriter to;
    put(to, context);
    put(to, origin);
    ByteCursor from(as_octets(to.octets()));
    flow::MessageContext context_read;
    ipfix::Origin origin_read;
    ASSERT_TRUE(get(from, context_read) && get(from, origin_read));
    EXPECT_EQ(from.left(), 0U);
    EXPECT_EQ(context_read.exporter, context.exporter);
    EXPECT_EQ(context_read.protocol, context.protocol);
    EXPECT_EQ(context_read.observation_domain, 7U);
    EXPECT_EQ(context_read.exported, context.exported);
    EXPECT_EQ(context_read.received, context.received);
    EXPECT_EQ(context_read.transport_session, 5000);
    EXPECT_TRUE(origin_read.has_uptime && origin_read.icmp_in_port);
    EXPECT_EQ(origin_read.uptime_ms, 99U);
}

TEST(SnapshotValues, ValuesThatAreNoneAreRefused) {
    bool flag = false;
    ByteCursor two(as_octets(std::string_view("\x02", 1)));
    EXPECT_FALSE(get(two, flag));
    Address address;
    const std::string family_5("\x05" + std::string(16, '\0'));
    ByteCursor other_family(as_octets(family_5));
    EXPECT_FALSE(get(other_family, address));
    ByteWriter to;
    put(to, flow::MessageContext{.protocol = flow::Protocol{77}});
    ByteCursor other_protocol(as_octets(to.octets()));
    flow::MessageContext context;
    EXPECT_FALSE(get(other_protocol, context));
    std::uint32_t count = 0;
    ByteCursor three(as_octets(std::string_view("\0\0\0\x03", 4)));
    EXPECT_FALSE(get_count(three, 2, count));
}

// Snapshots hold these keys.
TEST(StreamKey, HasAFixedLayout) {
    const StreamKey key = stream_key(flow::Protocol::ipfix, 0x01020304, 0xaabb);
    EXPECT_EQ(key, 0x00'aabb'0a'01020304U);
    EXPECT_EQ(transport_session_of(key), 0xaabb);
    EXPECT_EQ(transport_session_of(stream_key(flow::Protocol::netflow_v5, 1)), 0);
    EXPECT_EQ(transport_session_of(0x69'aabb'00'00000000U), 0) << "sFlow";
}

}  // namespace
}  // namespace octroi::exporter
