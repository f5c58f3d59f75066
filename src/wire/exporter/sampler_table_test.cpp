// SPDX-License-Identifier: GPL-3.0-or-later
#include "wire/exporter/sampler_table.hpp"

#include <gtest/gtest.h>

namespace octroi::exporter {
namespace {

const UtcTime start = UtcTime::from_seconds(1'790'000'000);

SamplerId selector(std::uint32_t domain, std::uint16_t session, std::uint64_t id) {
    return {domain, session, SamplerScope::selector, id};
}

struct SamplerTableTest : testing::Test {
    MemoryBudget budget{1U << 20U};
    MemoryShare memory{budget};
    SamplerTable table{1, memory};
};

using Effect = SamplerTable::Effect;
using Trust = SamplerTable::Trust;

TEST_F(SamplerTableTest, ANewRateAppliesAtOnceIfItsMessageIsBelieved) {
    const SamplerId id = selector(1, 0, 3);
    EXPECT_EQ(table.state(id, {100, start, 1, Trust::usual}), Effect::added);
    EXPECT_EQ(*table.find(id), 100U);
    EXPECT_EQ(table.find(selector(1, 0, 4)), nullptr);
    EXPECT_EQ(table.find({1, 0, SamplerScope::interface, 3}), nullptr);
    EXPECT_EQ(table.find(selector(2, 0, 3)), nullptr);
    EXPECT_EQ(memory.octets(), SamplerTable::cost());
    EXPECT_EQ(table.state(selector(1, 0, 4), {50, start, 1, Trust::confirm}), Effect::unconfirmed);
    EXPECT_EQ(table.find(selector(1, 0, 4)), nullptr);
    EXPECT_EQ(table.state(selector(1, 0, 4), {50, start, 2, Trust::confirm}), Effect::added);
    EXPECT_EQ(*table.find(selector(1, 0, 4)), 50U);
}

TEST_F(SamplerTableTest, OneMessageChangesNoRate) {
    const SamplerId id = selector(1, 0, 3);
    (void)table.state(id, {100, start, 1, Trust::usual});
    EXPECT_EQ(table.state(id, {1'000'000, start, 2, Trust::usual}), Effect::unconfirmed);
    // However often it is in the same message.
    EXPECT_EQ(table.state(id, {1'000'000, start, 2, Trust::usual}), Effect::unconfirmed);
    EXPECT_EQ(*table.find(id), 100U);
    // The exporter goes on stating the old one.
    EXPECT_EQ(table.state(id, {100, start, 3, Trust::usual}), Effect::none);
    EXPECT_EQ(table.state(id, {1'000'000, start, 4, Trust::usual}), Effect::unconfirmed);
    EXPECT_EQ(*table.find(id), 100U);
    EXPECT_EQ(table.state(id, {1'000'000, start, 5, Trust::usual}), Effect::changed);
    EXPECT_EQ(*table.find(id), 1'000'000U);
    // Over TCP the sender is known.
    EXPECT_EQ(table.state(id, {10, start, 6, Trust::full}), Effect::changed);
}

TEST_F(SamplerTableTest, RatesOfATransportSessionGoWithIt) {
    (void)table.state(selector(1, 0, 3), {100, start});
    (void)table.state(selector(1, 5000, 3), {200, start});
    (void)table.state(selector(2, 5000, 3), {300, start});
    EXPECT_EQ(table.find_in_any_domain(selector(7, 5000, 3)), 0U);
    table.drop_transport_session(5000);
    EXPECT_EQ(table.size(), 1U);
    EXPECT_EQ(*table.find(selector(1, 0, 3)), 100U);
    EXPECT_EQ(table.find_in_any_domain(selector(7, 5000, 3)), 0U);
    EXPECT_EQ(table.find_in_any_domain(selector(7, 0, 3)), 100U);
    EXPECT_EQ(memory.octets(), SamplerTable::cost());
}

TEST_F(SamplerTableTest, ARateFromBeforeARestartChangesAtOnceOrExpires) {
    const UtcTime restart = start + Duration::minutes(5);
    (void)table.state(selector(1, 0, 3), {100, start, 1});
    (void)table.state(selector(1, 0, 4), {200, restart, 2});
    (void)table.state(selector(2, 0, 3), {300, start, 1});
    (void)table.state(selector(1, 0, 5), {400, start, 1});
    table.on_restart(restart, 1, 0);
    // They apply until the exporter states others.
    EXPECT_EQ(*table.find(selector(1, 0, 3)), 100U);
    EXPECT_EQ(table.state(selector(1, 0, 3), {10, restart, 3}), Effect::changed);
    EXPECT_EQ(table.state(selector(1, 0, 4), {10, restart, 3}), Effect::unconfirmed);
    EXPECT_EQ(table.expire(restart + SamplerTable::lifetime_after_restart), 0U);
    EXPECT_EQ(table.expire(restart + SamplerTable::lifetime_after_restart + Duration::seconds(1)),
              1U);
    EXPECT_EQ(table.find(selector(1, 0, 5)), nullptr);
    EXPECT_EQ(table.size(), 3U);
    EXPECT_EQ(memory.octets(), 3 * SamplerTable::cost());
}

TEST_F(SamplerTableTest, SavesAndRestores) {
    (void)table.state(selector(1, 0, 3), {100, start, 1});
    (void)table.state(selector(1, 0, 3), {70, start, 2});
    (void)table.state({2, 5000, SamplerScope::observation_domain, 0}, {200, start, 1});
    ByteWriter saved;
    table.save(saved);
    SamplerTable other(2, memory);
    ByteCursor from(as_octets(saved.octets()));
    ASSERT_TRUE(other.restore(from, 2));
    EXPECT_EQ(from.left(), 0U);
    EXPECT_EQ(*other.find({2, 5000, SamplerScope::observation_domain, 0}), 200U);
    EXPECT_EQ(other.find_in_any_domain(selector(9, 0, 3)), 100U);
    // A rate that was stated once is confirmed after a restart of the collector too.
    EXPECT_EQ(other.state(selector(1, 0, 3), {70, start, 3}), Effect::changed);
    ByteCursor again(as_octets(saved.octets()));
    EXPECT_FALSE(SamplerTable(2, memory).restore(again, 1));
}

TEST(SamplingRates, OfEqualKeysTheLastCounts) {
    const SamplerKey key{Address::v4(1), 1, 0, SamplerScope::selector, 3};
    SamplerKey other = key;
    other.id = 2;
    const SamplingRates rates({{key, 10}, {other, 20}, {key, 30}});
    EXPECT_EQ(rates.entries().size(), 2U);
    EXPECT_EQ(rates.find(key), 30U);
    EXPECT_EQ(rates.find(other), 20U);
    other.exporter = Address::v4(2);
    EXPECT_EQ(rates.find(other), 0U);
    EXPECT_TRUE(SamplingRates().empty());
}

}  // namespace
}  // namespace octroi::exporter
