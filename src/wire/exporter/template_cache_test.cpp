// SPDX-License-Identifier: GPL-3.0-or-later
#include "wire/exporter/template_cache.hpp"

#include <gtest/gtest.h>

#include <optional>

namespace octroi::exporter {
namespace {

constexpr std::uint64_t all_fields = ~std::uint64_t{0};
const UtcTime start = UtcTime::from_seconds(1'790'000'000);

ipfix::Template definition(std::uint16_t id, bool options = false) {
    ipfix::Template t;
    t.id = id;
    t.options = options;
    t.scope_fields = options ? 1 : 0;
    t.fields = {{0, 8, 4}, {0, 12, 4}, {0, 1, 4}};
    return t;
}

struct TemplateCacheTest : testing::Test {
    void add(std::uint16_t id, bool options = false, UtcTime announced = start) {
        cache->add(compile_template(definition(id, options), all_fields, announced));
    }
    void expect_empty() {
        EXPECT_EQ(usage.templates, 0U);
        EXPECT_EQ(usage.octets, 0U);
        EXPECT_EQ(memory.octets(), 0U);
    }

    MemoryBudget budget{1U << 20U};
    MemoryShare memory{budget};
    TemplateUsage usage{memory};
    std::optional<TemplateCache> cache{std::in_place, 1, usage};
};

TEST_F(TemplateCacheTest, FindsByIdAndChargesEach) {
    add(256);
    const std::size_t one = memory.octets();
    add(257);
    EXPECT_EQ(usage.templates, 2U);
    EXPECT_EQ(usage.octets, memory.octets());
    EXPECT_EQ(memory.octets(), 2 * one);
    ASSERT_NE(cache->find(256), nullptr);
    EXPECT_EQ(cache->find(256)->definition.id, 256);
    EXPECT_EQ(cache->find(257)->definition.id, 257);
    EXPECT_EQ(cache->find(258), nullptr);
    EXPECT_FALSE(cache->find(256)->plan.steps.empty());
}

TEST_F(TemplateCacheTest, AWithdrawnTemplateIsNotFoundAgain) {
    add(256);
    ASSERT_NE(cache->find(256), nullptr);  // from now on the one that was found last
    cache->withdraw(256);
    EXPECT_EQ(cache->find(256), nullptr);
    cache->withdraw(256);
    expect_empty();
}

TEST_F(TemplateCacheTest, TemplatesAndOptionsTemplatesAreWithdrawnApart) {
    add(256);
    add(257, true);
    add(258);
    cache->withdraw_all(false);
    EXPECT_EQ(cache->find(256), nullptr);
    EXPECT_NE(cache->find(257), nullptr);
    cache->withdraw_all(true);
    expect_empty();
}

TEST_F(TemplateCacheTest, ReturnsItsMemoryWhenItGoes) {
    add(256);
    add(257);
    cache.reset();
    expect_empty();
}

TEST_F(TemplateCacheTest, ExpiresWhatIsNotRepeated) {
    add(256, false, start);
    add(257, false, start + Duration::minutes(10));
    cache->expire(start + TemplateCache::lifetime, UtcTime::min());
    EXPECT_EQ(usage.templates, 2U);
    cache->expire(start + TemplateCache::lifetime + Duration::seconds(1), UtcTime::min());
    EXPECT_EQ(cache->find(256), nullptr);
    EXPECT_NE(cache->find(257), nullptr);
}

TEST_F(TemplateCacheTest, AUsedSessionKeepsItsTemplates) {
    add(256);
    const UtcTime later = start + Duration::hours(5);
    cache->expire(later, later - Duration::minutes(1));
    EXPECT_NE(cache->find(256), nullptr);
}

TEST_F(TemplateCacheTest, AClockThatIsSetBackKeepsNoTemplateForEver) {
    add(256, false, start + Duration::hours(1000));
    cache->expire(start, UtcTime::min());
    EXPECT_EQ(usage.templates, 1U);
    cache->expire(start + Duration::minutes(31), UtcTime::min());
    expect_empty();
}

TEST_F(TemplateCacheTest, SavesAndRestores) {
    add(256);
    add(300, true);
    ByteWriter saved;
    cache->save(saved);
    TemplateUsage other_usage{memory};
    TemplateCache other(2, other_usage);
    ByteCursor from(as_octets(saved.octets()));
    ASSERT_TRUE(other.restore(from, {}, all_fields));
    EXPECT_EQ(from.left(), 0U);
    EXPECT_EQ(other_usage.octets, usage.octets);
    EXPECT_EQ(other.find(256)->definition, definition(256));
    EXPECT_EQ(other.find(300)->announced, start);
    EXPECT_TRUE(other.find(300)->plan.steps.empty());
}

TEST_F(TemplateCacheTest, RestoresNothingBeyondTheLimits) {
    add(256);
    add(257);
    ByteWriter saved;
    cache->save(saved);
    Limits few;
    few.templates = 1;
    Limits small;
    small.template_octets = usage.octets - 1;
    for (const Limits& limits : {few, small}) {
        TemplateUsage other_usage{memory};
        TemplateCache other(2, other_usage);
        ByteCursor from(as_octets(saved.octets()));
        EXPECT_FALSE(other.restore(from, limits, all_fields));
    }
}

}  // namespace
}  // namespace octroi::exporter
