// SPDX-License-Identifier: GPL-3.0-or-later
#include "wire/exporter/message_streams.hpp"

#include <gtest/gtest.h>

namespace octroi::exporter {
namespace {

const UtcTime start = UtcTime::from_seconds(1'790'000'000);

struct MessageStreamsTest : testing::Test {
    void receive(StreamKey key, UtcTime received) {
        MessageStream* stream = streams.find(key);
        if (stream == nullptr) stream = &streams.add(key, Numbering::messages);
        EXPECT_NE(stream->sequence.arrive({++number, number, received, std::nullopt}),
                  SequenceTracker::Arrival::duplicate);
        stream->sequence.advance(SequenceTracker::Records{1});
    }

    MemoryBudget budget{1U << 20U};
    MemoryShare memory{budget};
    MessageStreams streams{1, memory};
    std::uint32_t number = 0;
};

TEST_F(MessageStreamsTest, ChargesEachUntilItIsDropped) {
    receive(1, start);
    receive(2, start);
    EXPECT_EQ(memory.octets(), 2 * MessageStream::cost);
    streams.drop(1);
    EXPECT_EQ(streams.find(1), nullptr);
    EXPECT_EQ(streams.size(), 1U);
    EXPECT_EQ(memory.octets(), MessageStream::cost);
}

TEST_F(MessageStreamsTest, FindsTheLongestSilent) {
    for (const StreamKey key : {1U, 2U, 3U}) receive(key, start);
    EXPECT_EQ(streams.longest_silent(), 1U);
    streams.touch(*streams.find(1));
    EXPECT_EQ(streams.longest_silent(), 2U);
    streams.touch(*streams.find(1));
    streams.drop(2);
    EXPECT_EQ(streams.longest_silent(), 3U);
    ByteWriter saved;
    streams.save(saved);
    MessageStreams other(2, memory);
    ByteCursor from(as_octets(saved.octets()));
    ASSERT_TRUE(other.restore(from, 2));
    EXPECT_EQ(other.longest_silent(), 3U);
    streams.drop(3);
    EXPECT_EQ(streams.longest_silent(), 1U);
    streams.drop(1);
    streams.add(9, Numbering::messages);
    EXPECT_EQ(streams.longest_silent(), 9U);
}

TEST_F(MessageStreamsTest, SavesAndRestores) {
    receive(1, start);
    streams.find(1)->sampling = 100;
    streams.find(1)->context.observation_domain = 7;
    EXPECT_EQ(streams.find(1)->drops.growth(3, 40), 0U);
    receive(2, start);
    ByteWriter saved;
    streams.save(saved);
    MessageStreams other(2, memory);
    ByteCursor from(as_octets(saved.octets()));
    ASSERT_TRUE(other.restore(from, 2));
    EXPECT_EQ(from.left(), 0U);
    EXPECT_EQ(other.find(1)->sampling, 100U);
    EXPECT_EQ(other.find(1)->context.observation_domain, 7U);
    EXPECT_EQ(other.find(1)->drops.growth(3, 45), 5U);
    EXPECT_EQ(other.find(2)->sequence.last_received(), start);
    ByteCursor too_many(as_octets(saved.octets()));
    EXPECT_FALSE(MessageStreams(2, memory).restore(too_many, 1));
}

TEST(SampleDrops, CountsGrowthPerSource) {
    SampleDrops drops;
    EXPECT_EQ(drops.growth(3, 40), 0U);
    EXPECT_EQ(drops.growth(4, 7), 0U);
    EXPECT_EQ(drops.growth(3, 45), 5U);
    EXPECT_EQ(drops.growth(4, 7), 0U);
}

TEST(SampleDrops, ASmallerValueIsAResetUnlessTheCounterWrapped) {
    SampleDrops drops;
    EXPECT_EQ(drops.growth(3, 40), 0U);
    EXPECT_EQ(drops.growth(3, 2), 0U);
    EXPECT_EQ(drops.growth(3, 5), 3U);
    EXPECT_EQ(drops.growth(4, 0xfffffffe), 0U);
    EXPECT_EQ(drops.growth(4, 1), 3U);
}

TEST(SampleDrops, FollowsAStatedNumberOfSources) {
    SampleDrops drops;
    for (std::uint32_t i = 0; i < SampleDrops::sources_max; ++i) EXPECT_EQ(drops.growth(i, 1), 0U);
    EXPECT_EQ(drops.growth(9999, 1), std::nullopt);
    EXPECT_EQ(drops.growth(0, 2), 1U);
    drops.clear();
    EXPECT_EQ(drops.growth(9999, 1), 0U);
}

}  // namespace
}  // namespace octroi::exporter
