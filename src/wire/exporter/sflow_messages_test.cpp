// SPDX-License-Identifier: GPL-3.0-or-later
#include "wire/exporter/sflow_messages.hpp"

#include <gtest/gtest.h>

#include <string>

#include "wire/exporter/testing/receiver.hpp"
#include "wire/ipfix/testing/messages.hpp"

namespace octroi::exporter {
namespace {

using namespace ipfix::testing;
using namespace exporter::testing;

TEST(SflowMessages, StreamsBelongToTheAgent) {
    Receiver r;
    const std::string datagram =
        values().u32(5).u32(1).u32(0x0a000001).u32(7).u32(41).u32(1000).u32(0);
    const std::string later =
        values().u32(5).u32(1).u32(0x0a000001).u32(7).u32(44).u32(2000).u32(0);
    r.decode(datagram);
    r.decode(datagram);
    EXPECT_EQ(r.counters().duplicates, 1U);
    r.decode(later);
    r.exporters.flush(r.sink);
    ASSERT_EQ(r.sink.gaps.size(), 1U);
    EXPECT_EQ(r.sink.gaps[0].lost, 2U);
    EXPECT_EQ(r.sink.gap_contexts[0].exporter, Address::v4(0x0a000001));
    EXPECT_EQ(r.sink.gap_contexts[0].observation_domain, 7U);
}

// A flow sample of interface 3 with the first 4 octets of a frame.
std::string sflow_sample(std::uint32_t agent, std::uint32_t sequence, std::uint32_t drops) {
    Values v = values().u32(5).u32(1).u32(agent).u32(0).u32(sequence).u32(1000 * sequence).u32(1);
    v.u32(1).u32(32 + 8 + 16 + 4);
    v.u32(sequence).u32(3).u32(100).u32(0).u32(drops).u32(3).u32(4).u32(1);
    return v.u32(1).u32(20).u32(1).u32(64).u32(0).u32(4).u32(0);
}

TEST(SflowMessages, DroppedSamplesAreLost) {
    Receiver r;
    r.decode(sflow_sample(0x0a000001, 1, 40));
    r.decode(sflow_sample(0x0a000001, 2, 40));
    EXPECT_EQ(r.sink.lost(), 0U);
    r.decode(sflow_sample(0x0a000001, 4, 47));
    r.decode(sflow_sample(0x0a000001, 3, 45));  // late
    EXPECT_EQ(r.sink.lost(), 7U);
    ASSERT_EQ(r.sink.gaps.size(), 1U);
    EXPECT_EQ(r.sink.gaps[0].unit, flow::SequenceGap::Unit::samples);
    // A reset without another sign of a restart is no loss.
    r.decode(sflow_sample(0x0a000001, 5, 0));
    r.decode(sflow_sample(0x0a000001, 6, 0));
    EXPECT_EQ(r.sink.lost(), 7U);
    // The counter of 32 bits wraps.
    r.decode(sflow_sample(0x0a000002, 1, 0xfffffffe));
    auto restored = Exporters::restore(r.exporters.save());
    ASSERT_TRUE(restored.has_value());
    r.exporters = std::move(*restored);
    r.decode(sflow_sample(0x0a000002, 2, 1));
    EXPECT_EQ(r.sink.lost(), 10U);
}

TEST(SflowMessages, LengthsThatOnlyTheIpHeaderStatesAreCountedByExporter) {
    const std::string frame =
        std::string("\2\0\0\0\0\1\2\0\0\0\0\2\x08\0", 14) + std::string(values()
                                                                            .u16(0x4500)
                                                                            .u16(1300)
                                                                            .u32(0)
                                                                            .u16(0x4011)
                                                                            .u16(0)
                                                                            .u32(0xc633640a)
                                                                            .u32(0xc0000250)
                                                                            .u16(0));
    ASSERT_EQ(frame.size(), 36U);
    const auto sample = [&](std::uint32_t sequence, std::uint32_t frame_length) -> std::string {
        Values v = values().u32(5).u32(1).u32(0x0a000001).u32(0).u32(sequence).u32(1000).u32(1);
        v.u32(1).u32(32 + 8 + 16 + 36).u32(sequence).u32(3).u32(100).u32(0).u32(0).u32(3).u32(4);
        return v.u32(1).u32(1).u32(16 + 36).u32(1).u32(frame_length).u32(0).u32(36).raw(frame);
    };
    Receiver r;
    r.decode(sample(1, 1314));
    r.decode(sample(2, 0));
    r.decode(sample(3, 0xffffffff));
    ASSERT_EQ(r.sink.all.size(), 3U);
    EXPECT_EQ(r.sink.all[2].record.bytes, 1300U);
    EXPECT_EQ(r.counters().doubtful_lengths, 2U);
    auto restored = Exporters::restore(r.exporters.save());
    ASSERT_TRUE(restored.has_value());
    EXPECT_EQ(restored->counters().doubtful_lengths, 2U);
    EXPECT_EQ(restored->status()[0].doubtful_lengths, 2U);
}

TEST(SflowMessages, OtherAgentsAreRefused) {
    Receiver r({.agents = {*parse_prefix("10.0.0.0/30")}});
    r.decode(sflow_sample(0x0a000001, 1, 0));
    r.decode(sflow_sample(0x0a000009, 1, 0));
    EXPECT_EQ(r.counters().refused_agents, 1U);
    EXPECT_EQ(r.exporters.status()[0].observation_domains.size(), 1U);
}

}  // namespace
}  // namespace octroi::exporter
