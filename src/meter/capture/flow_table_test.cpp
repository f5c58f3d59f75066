// SPDX-License-Identifier: GPL-3.0-or-later
#include "meter/capture/flow_table.hpp"

#include <gtest/gtest.h>

#include <cstring>
#include <map>
#include <random>
#include <tuple>
#include <vector>

namespace octroi::capture {
namespace {

constexpr std::int64_t second = 1'000'000'000;
constexpr std::int64_t bucket = bucket_length.ns;
// The start of a bucket.
constexpr std::int64_t start = 1'700'000'100 * second;

Sample sample(std::uint32_t flow, std::int64_t time, std::uint64_t bytes = 100) {
    Sample s{};
    const bool v6 = flow % 3 == 0;
    s.packet.key.words = {flow, v6 ? 7U : 0U, ~std::uint64_t{flow} >> 32U,
                          0,    flow % 7,     std::uint64_t{v6 ? 6U : 4U} << 8U | 17U};
    s.packet.bytes = bytes;
    s.packet.outcome = packet::Outcome::ip;
    s.packet.macs[0] = static_cast<std::uint8_t>(flow);
    s.packet.tcp_flags = static_cast<std::uint8_t>(1U << (flow % 8));
    s.time = time;
    s.wire_length = 114;
    s.segments = 1;
    return s;
}

class Readings final : public FlowSink {
public:
    void accept(std::span<const Reading> readings) override {
        all.insert(all.end(), readings.begin(), readings.end());
    }
    std::vector<Reading> all;
};

struct Feed {
    explicit Feed(const FlowTableOptions& options, std::uint64_t seed = 1) {
        auto made = FlowTable::create(options, seed);
        EXPECT_TRUE(made.has_value());
        table = std::move(*made);
        out.set_sink(sink);
    }
    void feed(std::span<const Sample> samples) {
        for (; !samples.empty(); samples = samples.subspan(std::min(samples.size(), batch_size)))
            table->process(samples.first(std::min(samples.size(), batch_size)), out);
    }
    const std::vector<Reading>& finish() {
        table->drain(out);
        out.flush();
        return sink.all;
    }
    std::unique_ptr<FlowTable> table;
    ReadingBuffer out;
    Readings sink;
};

using FlowSum = std::pair<std::uint64_t, std::uint64_t>;                  // packets, bytes
using Place = std::tuple<Address, Address, std::uint16_t, std::int64_t>;  // ends, port, bucket

std::map<Place, FlowSum> sums_of(std::span<const Sample> samples) {
    std::map<Place, FlowSum> sums;
    for (const Sample& s : samples) {
        const auto& k = s.packet.key;
        FlowSum& sum = sums[{k.src(), k.dst(), k.sport(), bucket_start(UtcTime{s.time}).ns}];
        sum.first += 1;
        sum.second += s.packet.bytes;
    }
    return sums;
}

std::map<Place, FlowSum> sums_of(const std::vector<Reading>& readings) {
    std::map<Place, FlowSum> sums;
    for (const Reading& r : readings) {
        FlowSum& sum = sums[{r.src, r.dst, r.sport, bucket_start(r.first).ns}];
        sum.first += r.packets;
        sum.second += r.bytes;
    }
    return sums;
}

// Random packets: mostly forward in time, now and then a step back or far away.
std::vector<Sample> random_samples(std::mt19937_64& random, std::size_t count,
                                   std::uint32_t flows) {
    std::vector<Sample> samples;
    std::int64_t now = start;
    for (std::size_t i = 0; i < count; ++i) {
        now += static_cast<std::int64_t>(random() % (second / 10));
        const std::uint64_t dice = random() % 1000;
        std::int64_t time = now;
        if (dice < 20) time -= static_cast<std::int64_t>(random() % (3 * second));
        if (dice == 20) now += static_cast<std::int64_t>(random() % (400 * second));
        if (dice == 21) now -= static_cast<std::int64_t>(random() % (400 * second));
        if (dice == 22) time = static_cast<std::int64_t>(random() % (7'000'000'000)) * second / 2;
        const std::uint64_t bytes = random() % 500 == 0 ? 0xffff'fff0U : random() % 65'536;
        samples.push_back(sample(static_cast<std::uint32_t>(random() % flows), time, bytes));
    }
    return samples;
}

TEST(FlowTable, SumsAreThoseOfThePacketsWhateverTheLimitsAre) {
    std::mt19937_64 random(20);
    for (int round = 0; round < 60; ++round) {
        FlowTableOptions options;
        options.flow_limit = 64 + static_cast<std::uint32_t>(random() % 2000);
        options.inactive = Duration{static_cast<std::int64_t>(1 + random() % (90 * second))};
        options.active = Duration{static_cast<std::int64_t>(1 + random() % (500 * second))};
        const auto samples =
            random_samples(random, 5000, 10 + static_cast<std::uint32_t>(random() % 5000));
        Feed run(options, random());
        std::size_t fed = 0;
        std::uint64_t handed_over = 0;
        while (fed < samples.size()) {
            const std::size_t count =
                std::min<std::size_t>(1 + random() % 300, samples.size() - fed);
            run.feed(std::span(samples).subspan(fed, count));
            fed += count;
            if (random() % 20 == 0) run.table->hand_over(run.out), ++handed_over;
        }
        const auto& readings = run.finish();
        EXPECT_EQ(sums_of(readings), sums_of(samples));
        std::uint64_t begun = 0;
        for (const Reading& r : readings) {
            begun += r.flows;
            EXPECT_LE(r.first, r.last);
            EXPECT_EQ(bucket_start(r.first), bucket_start(r.last));
            EXPECT_LT((r.last - r.first).ns, std::max<std::int64_t>(options.active.ns, 1));
            EXPECT_GT(r.packets, 0U);
            EXPECT_TRUE(r.flow_slot >= 1 && r.flow_slot <= options.flow_limit);
            EXPECT_EQ(r.fresh, r.flows == 1);
        }
        EXPECT_EQ(begun, run.table->counters().begun);
        EXPECT_EQ(run.table->live(), 0U);
    }
}

TEST(FlowTable, AFlowSlotIsOfOneFlowUntilItIsFresh) {
    std::mt19937_64 random(21);
    FlowTableOptions options;
    options.flow_limit = 100;
    Feed run(options);
    run.feed(random_samples(random, 20'000, 300));
    std::map<std::uint32_t, Reading> owners;
    for (const Reading& r : run.finish()) {
        if (r.fresh) owners[r.flow_slot] = r;
        ASSERT_TRUE(owners.contains(r.flow_slot));
        const Reading& owner = owners[r.flow_slot];
        EXPECT_EQ(std::tie(r.src, r.dst, r.sport, r.src_mac, r.dst_mac),
                  std::tie(owner.src, owner.dst, owner.sport, owner.src_mac, owner.dst_mac));
    }
    EXPECT_GT(run.table->counters().evicted, 0U);
}

TEST(FlowTable, TheSeedHasNoInfluenceOnReadings) {
    std::mt19937_64 random(22);
    FlowTableOptions options;
    options.flow_limit = 200;
    const auto samples = random_samples(random, 20'000, 1000);
    Feed a(options, 1);
    Feed b(options, 0xfeed'beef);
    a.feed(samples);
    b.feed(samples);
    const auto& left = a.finish();
    const auto& right = b.finish();
    ASSERT_EQ(left.size(), right.size());
    for (std::size_t i = 0; i < left.size(); ++i) {
        EXPECT_EQ(left[i].src, right[i].src);
        EXPECT_EQ(left[i].packets, right[i].packets);
        EXPECT_EQ(left[i].first, right[i].first);
        EXPECT_EQ(left[i].flow_slot, right[i].flow_slot);
    }
}

TEST(FlowTable, AFlowIsOneRowUntilATimeoutWhenBucketsDoNotCut) {
    FlowTableOptions options;
    options.cut_at_buckets = false;
    options.active = Duration::seconds(3600);
    Feed run(options);
    std::vector<Sample> samples;
    for (int i = 0; i < 40; ++i) samples.push_back(sample(1, start + i * 59 * second));
    samples.push_back(sample(1, samples.back().time + 61 * second));  // a new flow
    run.feed(samples);
    const auto& readings = run.finish();
    ASSERT_EQ(readings.size(), 2U);
    EXPECT_EQ(readings[0].packets, 40U);
    EXPECT_EQ(readings[0].first.ns, start);
    EXPECT_EQ(readings[0].last.ns, start + 39 * 59 * second);
    EXPECT_EQ(readings[1].flows, 1U);
}

TEST(FlowTable, ALongFlowIsHandedOverAtTheActiveTimeoutAndContinues) {
    FlowTableOptions options;
    options.cut_at_buckets = false;
    options.active = Duration::seconds(100);
    Feed run(options);
    std::vector<Sample> samples;
    for (int i = 0; i < 250; ++i) samples.push_back(sample(1, start + i * second));
    run.feed(samples);
    const auto& readings = run.finish();
    ASSERT_EQ(readings.size(), 3U);
    EXPECT_EQ(readings[0].packets, 100U);
    EXPECT_EQ(readings[1].packets, 100U);
    EXPECT_EQ(readings[2].packets, 50U);
    EXPECT_EQ(readings[0].flows, 1U);
    EXPECT_EQ(readings[1].flows + readings[2].flows, 0U);
}

TEST(FlowTable, PacketsOutOfOrderAroundABucketBoundaryStayInTheirBuckets) {
    Feed run({});
    const std::int64_t edge = start + bucket;
    const std::vector<Sample> samples = {sample(1, edge - 2, 10), sample(1, edge, 20),
                                         sample(1, edge - 1, 30), sample(1, edge + 1, 40)};
    run.feed(samples);
    const auto& readings = run.finish();
    EXPECT_EQ(sums_of(readings), sums_of(samples));
    std::uint64_t flows = 0;
    for (const Reading& r : readings) flows += r.flows;
    EXPECT_EQ(flows, 1U);
}

TEST(FlowTable, TheFlowThatWasIdleLongestIsEvicted) {
    FlowTableOptions options;
    options.flow_limit = 64;
    Feed run(options);
    std::vector<Sample> samples;
    for (std::uint32_t i = 0; i < 64; ++i) samples.push_back(sample(i, start + second + i));
    samples[5].time = start;
    samples.push_back(sample(1000, start + 2 * second));
    run.feed(samples);
    run.out.flush();
    ASSERT_EQ(run.sink.all.size(), 1U);
    EXPECT_EQ(run.sink.all[0].src, samples[5].packet.key.src());
    EXPECT_EQ(run.table->counters().evicted, 1U);
    EXPECT_EQ(run.table->live(), 64U);
}

TEST(FlowTable, TheSweepEndsIdleFlowsAndHandsOverClosedBuckets) {
    Feed run({});
    run.feed(std::vector{sample(1, start), sample(2, start + 295 * second)});
    run.table->sweep(UtcTime{start + 310 * second}, run.out);
    run.out.flush();
    ASSERT_EQ(run.sink.all.size(), 2U);
    EXPECT_EQ(run.table->live(), 1U);  // flow 2 stays, flow 1 is gone
    EXPECT_EQ(run.table->counters().expired, 1U);
}

TEST(FlowTable, SumsBeyondTheFirstCacheLineAreKept) {
    Feed run({});
    std::vector<Sample> samples;
    for (int i = 0; i < 200'000; ++i) samples.push_back(sample(1, start + i, 65'535));
    run.feed(samples);
    const auto& readings = run.finish();
    ASSERT_EQ(readings.size(), 1U);
    EXPECT_EQ(readings[0].packets, 200'000U);
    EXPECT_EQ(readings[0].bytes, 200'000ULL * 65'535);
}

TEST(FlowTable, AFrameOfSeveralSegmentsIsSeveralPackets) {
    Feed run({});
    std::vector<Sample> samples;
    for (int i = 0; i < 5000; ++i) samples.push_back(sample(1, start + i, 65'535));
    for (Sample& s : samples) s.segments = 45;
    run.feed(samples);
    const auto& readings = run.finish();
    ASSERT_EQ(readings.size(), 1U);
    EXPECT_EQ(readings[0].packets, 5000U * 45);
    EXPECT_EQ(readings[0].bytes, 5000ULL * 65'535);
}

TEST(FlowTable, GrowsToManyFlowsAndFindsThemAll) {
    Feed run({});
    std::vector<Sample> samples;
    for (std::uint32_t i = 0; i < 60'000; ++i) samples.push_back(sample(i, start + i));
    run.feed(samples);
    run.feed(samples);
    EXPECT_EQ(run.table->live(), 60'000U);
    EXPECT_EQ(run.table->counters().begun, 60'000U);
    const auto& readings = run.finish();
    EXPECT_EQ(readings.size(), 60'000U);
    for (const Reading& r : readings) EXPECT_EQ(r.packets, 2U);
}

}  // namespace
}  // namespace octroi::capture
