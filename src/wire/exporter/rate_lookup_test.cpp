// SPDX-License-Identifier: GPL-3.0-or-later
#include "wire/exporter/rate_lookup.hpp"

#include <gtest/gtest.h>

#include "wire/exporter/testing/collected.hpp"
#include "wire/exporter/testing/one_exporter.hpp"

namespace octroi::exporter {
namespace {

using flow::Field;
using flow::FlowRecord;

constexpr std::uint16_t template_id = 256;

struct RateLookupTest : ::testing::Test {
    RateLookupTest() { context.message.observation_domain = 1; }
    void state(SamplerScope scope, std::uint64_t id, std::uint64_t rate, std::uint32_t domain = 1) {
        one.exporter.samplers.state({domain, 0, scope, id}, {.rate = rate});
    }
    std::uint64_t rate_of(FlowRecord record) {
        RateLookup(context, fallback).apply({&record, 1}, template_id);
        EXPECT_EQ(record.has(Field::sampling), record.sampling != 0);
        return record.sampling;
    }

    testing::OneExporter one;
    testing::Collected sink;
    SamplingRates fallback;
    DecodeContext context{.exporter = one.exporter, .sink = sink, .message = {}, .origin = {}};
};

FlowRecord record(std::uint64_t fields, std::uint32_t sampler, std::uint32_t in_if) {
    FlowRecord r;
    r.fields = fields;
    r.sampler = sampler;
    r.in_if = in_if;
    return r;
}
constexpr std::uint64_t sampler = flow::bit(Field::sampler);
constexpr std::uint64_t interfaces = flow::bit(Field::in_if) | flow::bit(Field::out_if);

TEST_F(RateLookupTest, TheMostSpecificScopeCounts) {
    state(SamplerScope::observation_domain, 0, 10);
    EXPECT_EQ(rate_of(record(sampler | interfaces, 0, 5)), 10U);
    state(SamplerScope::template_, template_id, 20);
    EXPECT_EQ(rate_of(record(sampler | interfaces, 0, 5)), 20U);
    state(SamplerScope::interface, 5, 30);
    EXPECT_EQ(rate_of(record(sampler | interfaces, 0, 5)), 30U);
    state(SamplerScope::selector, 3, 40);
    EXPECT_EQ(rate_of(record(sampler | interfaces, 3, 5)), 40U);
}

TEST_F(RateLookupTest, ARecordOfAnUnknownSamplerHasNoRate) {
    state(SamplerScope::observation_domain, 0, 10);
    EXPECT_EQ(rate_of(record(sampler, 9, 0)), 0U);
    EXPECT_EQ(rate_of(record(0, 9, 0)), 10U);
}

TEST_F(RateLookupTest, TheInterfaceIsTheOneWhereTheFlowWasMetered) {
    state(SamplerScope::interface, 5, 30);
    FlowRecord r = record(interfaces | flow::bit(Field::direction), 0, 4);
    r.out_if = 5;
    r.direction = 0;
    EXPECT_EQ(rate_of(r), 0U);
    r.direction = 1;
    EXPECT_EQ(rate_of(r), 30U);
}

TEST_F(RateLookupTest, DomainZeroStandsForTheWholeExporter) {
    state(SamplerScope::observation_domain, 0, 50, 0);
    EXPECT_EQ(rate_of(record(0, 0, 0)), 50U);
    state(SamplerScope::observation_domain, 0, 10, 1);
    EXPECT_EQ(rate_of(record(0, 0, 0)), 10U);
}

// Some devices describe their samplers in another domain than the flows.
TEST_F(RateLookupTest, ASamplerOfAnotherDomainAppliesIfAllOthersAgree) {
    state(SamplerScope::selector, 3, 100, 6);
    EXPECT_EQ(rate_of(record(sampler, 3, 0)), 100U);
    state(SamplerScope::selector, 3, 100, 7);
    EXPECT_EQ(rate_of(record(sampler, 3, 0)), 100U);
    state(SamplerScope::selector, 3, 200, 8);
    EXPECT_EQ(rate_of(record(sampler, 3, 0)), 0U);
    // What the own domain states comes first.
    state(SamplerScope::selector, 3, 50, 1);
    EXPECT_EQ(rate_of(record(sampler, 3, 0)), 50U);
    // Template ids and whole domains are no matter of the device.
    state(SamplerScope::template_, template_id, 10, 6);
    state(SamplerScope::observation_domain, 0, 10, 6);
    EXPECT_EQ(rate_of(record(0, 0, 0)), 0U);
}

TEST_F(RateLookupTest, SoDoesOneThatAFileStatesLater) {
    const auto key = [&](std::uint32_t domain) {
        return SamplerKey{one.exporter.address, domain, 0, SamplerScope::selector, 3};
    };
    fallback = SamplingRates({{key(6), 100}});
    EXPECT_EQ(rate_of(record(sampler, 3, 0)), 100U);
    fallback = SamplingRates({{key(6), 100}, {key(7), 200}});
    EXPECT_EQ(rate_of(record(sampler, 3, 0)), 0U);
    // Also if one of the two is not reached yet.
    state(SamplerScope::selector, 3, 100, 6);
    EXPECT_EQ(rate_of(record(sampler, 3, 0)), 0U);
}

TEST_F(RateLookupTest, TheFallbackComesAfterWhatTheExporterStated) {
    const SamplerKey key{one.exporter.address, 1, 0, SamplerScope::observation_domain, 0};
    fallback = SamplingRates({{key, 70}});
    EXPECT_EQ(rate_of(record(0, 0, 0)), 70U);
    state(SamplerScope::observation_domain, 0, 10);
    EXPECT_EQ(rate_of(record(0, 0, 0)), 10U);
}

TEST_F(RateLookupTest, RatesOfATransportSessionAreItsOwn) {
    state(SamplerScope::observation_domain, 0, 10);
    context.message.transport_session = 5000;
    EXPECT_EQ(rate_of(record(0, 0, 0)), 0U);
}

TEST_F(RateLookupTest, ARecordThatStatesItsRateKeepsIt) {
    state(SamplerScope::observation_domain, 0, 10);
    FlowRecord r = record(flow::bit(Field::sampling), 0, 0);
    r.sampling = 7;
    EXPECT_EQ(rate_of(r), 7U);
}

TEST_F(RateLookupTest, EachRecordOfABatchHasItsOwnRate) {
    state(SamplerScope::selector, 1, 11);
    state(SamplerScope::selector, 2, 22);
    FlowRecord records[] = {record(sampler, 1, 0), record(sampler, 1, 0), record(sampler, 2, 0),
                            record(sampler, 9, 0), record(sampler, 1, 0)};
    RateLookup(context, fallback).apply(records, template_id);
    EXPECT_EQ(records[0].sampling, 11U);
    EXPECT_EQ(records[1].sampling, 11U);
    EXPECT_EQ(records[2].sampling, 22U);
    EXPECT_EQ(records[3].sampling, 0U);
    EXPECT_EQ(records[4].sampling, 11U);
}

}  // namespace
}  // namespace octroi::exporter
