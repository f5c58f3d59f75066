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

TEST_F(SamplerTableTest, UpdatesOnlyWhatIsKnown) {
    EXPECT_FALSE(table.update(selector(1, 0, 3), 50, start));
    table.add(selector(1, 0, 3), 100, start);
    EXPECT_TRUE(table.update(selector(1, 0, 3), 50, start));
    EXPECT_EQ(*table.find(selector(1, 0, 3)), 50U);
    EXPECT_EQ(table.find(selector(1, 0, 4)), nullptr);
    EXPECT_EQ(table.find({1, 0, SamplerScope::interface, 3}), nullptr);
    EXPECT_EQ(table.find(selector(2, 0, 3)), nullptr);
    EXPECT_EQ(memory.octets(), SamplerTable::cost());
}

TEST_F(SamplerTableTest, RatesOfATransportSessionGoWithIt) {
    table.add(selector(1, 0, 3), 100, start);
    table.add(selector(1, 5000, 3), 200, start);
    table.add(selector(2, 5000, 3), 300, start);
    table.drop_transport_session(5000);
    EXPECT_EQ(table.size(), 1U);
    EXPECT_EQ(*table.find(selector(1, 0, 3)), 100U);
    EXPECT_EQ(memory.octets(), SamplerTable::cost());
}

TEST_F(SamplerTableTest, DropsWhatOneDomainStatedBeforeATime) {
    const UtcTime restart = start + Duration::minutes(5);
    table.add(selector(1, 0, 3), 100, start);
    table.add(selector(1, 0, 4), 200, restart);
    table.add(selector(2, 0, 3), 300, start);
    table.add(selector(1, 5000, 3), 400, start);
    table.drop_stated_before(restart, 1, 0);
    EXPECT_EQ(table.find(selector(1, 0, 3)), nullptr);
    EXPECT_EQ(table.size(), 3U);
    // An update is a new statement.
    EXPECT_TRUE(table.update(selector(2, 0, 3), 300, restart));
    table.drop_stated_before(restart, 2, 0);
    EXPECT_EQ(table.size(), 3U);
    EXPECT_EQ(memory.octets(), 3 * SamplerTable::cost());
}

TEST_F(SamplerTableTest, SavesAndRestores) {
    table.add(selector(1, 0, 3), 100, start);
    table.add({2, 5000, SamplerScope::observation_domain, 0}, 200, start);
    ByteWriter saved;
    table.save(saved);
    SamplerTable other(2, memory);
    ByteCursor from(as_octets(saved.octets()));
    ASSERT_TRUE(other.restore(from, 2));
    EXPECT_EQ(from.left(), 0U);
    EXPECT_EQ(*other.find({2, 5000, SamplerScope::observation_domain, 0}), 200U);
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
