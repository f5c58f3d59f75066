// SPDX-License-Identifier: GPL-3.0-or-later
#include "wire/exporter/exporter_registry.hpp"

#include <gtest/gtest.h>

#include <optional>

#include "wire/exporter/testing/collected.hpp"

namespace octroi::exporter {
namespace {

using exporter::testing::Collected;

const UtcTime start = UtcTime::from_seconds(1'790'000'000);

Limits small() {
    Limits limits;
    limits.exporters = 3;
    limits.memory_octets = std::size_t{64} << 10U;
    return limits;
}

struct ExporterRegistryTest : ::testing::Test {
    Exporter* admit(std::uint32_t number, UtcTime received = start) {
        Exporter* const exporter = registry.admit(Address::v4(number), received, sink);
        if (exporter != nullptr) registry.touch(*exporter);
        return exporter;
    }
    // An exporter that sent records, in a stream with a gap.
    void deliver(Exporter& exporter) {
        exporter.records = 1000;
        registry.touch(exporter);
        MessageStream& stream = exporter.streams.add(7, Numbering::messages);
        for (const std::uint32_t number : {1U, 5U}) {
            EXPECT_NE(stream.sequence.arrive({number, number, exporter.last_seen, std::nullopt}),
                      SequenceTracker::Arrival::duplicate);
            stream.sequence.advance(SequenceTracker::Records{1});
        }
    }

    const Limits limits = small();
    Counters counters;
    ExporterRegistry registry{limits, 1, counters};
    Collected sink;
};

TEST_F(ExporterRegistryTest, AdmitsEachAddressOnce) {
    Exporter* const a = admit(1);
    ASSERT_NE(a, nullptr);
    EXPECT_EQ(registry.memory(), Exporter::cost);
    EXPECT_EQ(admit(1, start + Duration::seconds(5)), a);
    EXPECT_EQ(a->first_seen, start);
    EXPECT_EQ(a->last_seen, start + Duration::seconds(5));
    EXPECT_EQ(registry.find(Address::v4(1)), a);
    EXPECT_EQ(registry.find(Address::v4(2)), nullptr);
    EXPECT_EQ(registry.size(), 1U);
}

TEST_F(ExporterRegistryTest, EvictsTheLongestSilentAndReportsItsGaps) {
    for (const std::uint32_t number : {1U, 2U, 3U}) deliver(*admit(number));
    admit(1, start + Duration::hours(2))->pending.add({{7, 256}, {}, {}, "xxxx", start});
    ASSERT_NE(admit(4, start + Duration::hours(2)), nullptr);
    EXPECT_EQ(registry.find(Address::v4(2)), nullptr);
    EXPECT_EQ(counters.evicted, 1U);
    EXPECT_EQ(counters.lost, 3U);
    EXPECT_EQ(counters.dropped, 0U);
    ASSERT_EQ(sink.gaps.size(), 1U);
    EXPECT_EQ(sink.gaps[0].unit, flow::SequenceGap::Unit::messages);
    ASSERT_NE(admit(5, start + Duration::hours(4)), nullptr);  // 4 sent no record
    ASSERT_NE(admit(6, start + Duration::hours(4)), nullptr);  // 5 neither
    deliver(*admit(6, start + Duration::hours(4)));
    ASSERT_NE(admit(7, start + Duration::hours(4)), nullptr);
    ASSERT_NE(admit(8, start + Duration::hours(4)), nullptr);
    EXPECT_EQ(registry.size(), 3U);
}

TEST_F(ExporterRegistryTest, RefusesWhenAllAreProtected) {
    for (const std::uint32_t number : {1U, 2U, 3U}) deliver(*admit(number));
    const std::size_t memory = registry.memory();
    EXPECT_EQ(admit(4), nullptr);
    EXPECT_EQ(counters.refused, 1U);
    EXPECT_EQ(registry.memory(), memory);
}

TEST_F(ExporterRegistryTest, ReservesByEvictingOthers) {
    Exporter& mine = *admit(1);
    Exporter& other = *admit(2);
    const std::size_t half = limits.memory_octets / 2;
    ASSERT_TRUE(registry.reserve(half, other, sink));
    other.memory.charge(half);
    other.pending.add({{7, 256}, {}, {}, "xxxx", start});
    EXPECT_TRUE(registry.reserve(half, mine, sink));
    EXPECT_EQ(registry.find(Address::v4(2)), nullptr);
    EXPECT_EQ(counters.dropped, 1U);
    EXPECT_EQ(registry.memory(), Exporter::cost);
    // Never the exporter that asks.
    EXPECT_FALSE(registry.reserve(limits.memory_octets, mine, sink));
    EXPECT_EQ(registry.find(Address::v4(1)), &mine);
}

TEST_F(ExporterRegistryTest, SavesAndRestoresInTheOrderOfEviction) {
    deliver(*admit(1));
    admit(2);
    admit(3);
    ByteWriter saved;
    registry.save(saved);
    ExporterRegistry other(limits, 2, counters);
    ByteCursor from(as_octets(saved.octets()));
    ASSERT_TRUE(other.restore(from, ~std::uint64_t{0}));
    EXPECT_EQ(from.left(), 0U);
    EXPECT_EQ(other.memory(), registry.memory());
    EXPECT_EQ(other.find(Address::v4(1))->records, 1000U);
    ASSERT_NE(other.admit(Address::v4(4), start, sink), nullptr);
    EXPECT_EQ(other.find(Address::v4(2)), nullptr);
    Limits few = limits;
    few.exporters = 2;
    ByteCursor again(as_octets(saved.octets()));
    EXPECT_FALSE(ExporterRegistry(few, 2, counters).restore(again, ~std::uint64_t{0}));
}

}  // namespace
}  // namespace octroi::exporter
