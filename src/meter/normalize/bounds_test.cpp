// SPDX-License-Identifier: GPL-3.0-or-later
// Tables and figures that records make grow: each ends at its bound (docs/bounds.md).
#include <gtest/gtest.h>

#include "meter/normalize/connection_totals.hpp"
#include "meter/normalize/flow_normalizer.hpp"
#include "meter/normalize/flow_owners.hpp"
#include "meter/normalize/running_totals.hpp"

namespace octroi::normalize {
namespace {

using flow::bit;
using flow::Field;
using flow::FlowRecord;

constexpr UtcTime reported = UtcTime::from_seconds(1'790'000'000);
const flow::MessageContext context{
    .exporter = Address::v4(0xc0000201U), .exported = reported, .received = reported};

// Of the flow with that number.
FlowRecord record_of(std::uint32_t number, std::uint64_t bytes) {
    FlowRecord record;
    record.fields = bit(Field::bytes) | bit(Field::packets) | bit(Field::src) | bit(Field::dst) |
                    bit(Field::first) | bit(Field::last) | bit(Field::flow_id);
    record.bytes = bytes;
    record.packets = 1;
    record.src = Address::v4(0x0a000001U);
    record.dst = Address::v4(0xc6336401U);
    record.flow_id = number;
    record.first = reported - Duration::minutes(1);
    record.last = reported;
    return record;
}

class FirstReading final : public FlowSink {
public:
    void accept(std::span<const Reading> readings) override { reading = readings.front(); }
    Reading reading;
};

// Flows beyond the bound are not stored: each of their records counts as a whole.
TEST(NormalizeBounds, RunningTotalsOfManyFlows) {
    RunningTotals totals(1);
    constexpr std::uint32_t most = RunningTotals::flows_max;
    for (std::uint32_t flow = 0; flow <= most; ++flow)
        ASSERT_EQ(totals.difference(context, record_of(flow, 1000)).bytes, 1000U);
    EXPECT_EQ(totals.evicted(), 1U);
    EXPECT_EQ(totals.difference(context, record_of(0, 1001)).bytes, 1U);
    EXPECT_EQ(totals.difference(context, record_of(most, 1001)).bytes, 1001U);
    EXPECT_EQ(totals.evicted(), 2U);
}

// Of a connection in the dropped generation the total counts as a whole.
TEST(NormalizeBounds, ConnectionsOfManyNumbers) {
    ConnectionTotals totals(1);
    const auto report = [&](std::uint32_t number, std::uint8_t event, std::uint64_t bytes) {
        FlowRecord record = record_of(number, bytes);
        record.fields |= bit(Field::firewall_event);
        record.firewall_event = event;
        return totals.added_by(context, record).bytes;
    };
    constexpr std::uint8_t update = 5;
    constexpr std::uint8_t end = 2;
    constexpr std::uint32_t many = 2 * ConnectionTotals::connections_max + 1;
    for (std::uint32_t number = 0; number < many; ++number)
        ASSERT_EQ(report(number, update, 10), 10U);
    EXPECT_EQ(totals.evicted(), ConnectionTotals::connections_max);
    EXPECT_EQ(report(many - 1, end, 15), 5U);
    EXPECT_EQ(report(0, end, 15), 15U);
}

// The older half has no owners any more.
TEST(NormalizeBounds, OwnersOfManyFlows) {
    FlowOwners owners(Duration::minutes(5), 1);
    const Address first = Address::v4(1);
    const Address second = Address::v4(2);
    const auto belongs_to_other = [&](std::uint32_t flow, const Address& exporter) {
        return owners.belongs_to_other({.distinguisher = flow}, exporter, reported);
    };
    constexpr std::uint32_t many = FlowOwners::flows_max + 1;
    for (std::uint32_t flow = 0; flow < many; ++flow) ASSERT_FALSE(belongs_to_other(flow, first));
    EXPECT_EQ(owners.evicted(), 2U);
    EXPECT_FALSE(belongs_to_other(0, second));
    EXPECT_TRUE(belongs_to_other(many - 1, second));
}

TEST(NormalizeBounds, FlowsOfARecordAndRowsOfACommit) {
    FlowNormalizer normalizer({}, 1);
    FirstReading sink;
    normalizer.set_sink(&sink);
    FlowRecord record = record_of(1, 1000);
    record.fields |= bit(Field::flows);
    record.flows = UINT64_MAX;
    // As long as a record may be: 288 buckets.
    record.first = reported - Duration::hours(24);
    normalizer.records(context, std::span(&record, 1));
    normalizer.flush();
    EXPECT_EQ(sink.reading.flows, 1U << 20U);
    for (int i = 0; i < 3000; ++i) normalizer.records(context, std::span(&record, 1));
    EXPECT_FALSE(normalizer.is_full());
    for (int i = 0; i < 1000; ++i) normalizer.records(context, std::span(&record, 1));
    EXPECT_TRUE(normalizer.is_full());
    (void)normalizer.drain_observed();
    EXPECT_FALSE(normalizer.is_full());
}

}  // namespace
}  // namespace octroi::normalize
