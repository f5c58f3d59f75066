// SPDX-License-Identifier: GPL-3.0-or-later
#include "meter/normalize/exporter_index.hpp"

#include <fmt/format.h>
#include <gtest/gtest.h>

namespace octroi::normalize {
namespace {

class ExporterIndexTest : public ::testing::Test {
protected:
    void make(const ExporterIndex::Limits& limits) {
        index_ = std::make_unique<ExporterIndex>([this] { ++renames_; }, limits);
    }
    std::string interface_of(std::uint32_t exporter, std::uint32_t if_index) {
        const NameRef name = index_->interface(entry(exporter), if_index);
        return name == no_name ? "" : index_->names().rows()[name - 1].text;
    }
    std::string next_hop_of(std::uint32_t exporter, std::uint32_t address) {
        const NameRef name = index_->next_hop(entry(exporter), Address::v4(address));
        return name == no_name ? "" : index_->names().rows()[name - 1].text;
    }
    ExporterEntry& entry(std::uint32_t exporter) { return index_->of(Address::v4(exporter)); }
    static std::string text_of(std::uint32_t exporter, std::uint32_t if_index) {
        return fmt::format("{}#{}", to_string(Address::v4(exporter)), if_index);
    }

    std::unique_ptr<ExporterIndex> index_;
    int renames_ = 0;
};

// Forged ifIndexes would else leave a new interface without a name until a restart.
TEST_F(ExporterIndexTest, ANewNameReplacesTheOldestOfItsExporter) {
    make({.exporters = 4, .names_per_exporter = 200, .names = 10'000});
    for (std::uint32_t i = 1; i <= 200; ++i) ASSERT_EQ(interface_of(1, i), text_of(1, i));
    EXPECT_EQ(renames_, 0);
    const NameRef second = index_->interface(entry(1), 2);
    EXPECT_EQ(interface_of(1, 201), text_of(1, 201));
    EXPECT_EQ(renames_, 1);
    EXPECT_EQ(index_->names().rows().size(), 200U);
    EXPECT_EQ(index_->interface(entry(1), 2), second) << "used after the first";
    for (std::uint32_t i = 1; i <= 10'000; ++i) {
        ASSERT_EQ(interface_of(1, i << 12U), text_of(1, i << 12U));
        ASSERT_EQ(next_hop_of(1, i << 8U), to_string(Address::v4(i << 8U)));
        ASSERT_EQ(interface_of(1, 2), text_of(1, 2));
    }
    EXPECT_EQ(interface_of(2, 2), text_of(2, 2));
    EXPECT_EQ(index_->names().rows().size(), 401U);
}

// Both interfaces of a reading, and its next hop, are looked up before it is handed over.
TEST_F(ExporterIndexTest, TheNamesOfOneReadingAreNotReplacedByOneAnother) {
    make({.exporters = 4, .names_per_exporter = 70, .names = 10'000});
    for (std::uint32_t i = 1; i <= 70; ++i) ASSERT_EQ(interface_of(1, i), text_of(1, i));
    for (std::uint32_t i = 1; i <= 1000; ++i) {
        const NameRef in = index_->interface(entry(1), 5);  // from the cache, or in its last place
        const NameRef out = index_->interface(entry(1), 64 * i + 5);
        ASSERT_EQ(index_->names().rows()[in - 1].text, text_of(1, 5));
        ASSERT_EQ(index_->names().rows()[out - 1].text, text_of(1, 64 * i + 5));
    }
}

TEST_F(ExporterIndexTest, AnExporterWithFewNamesTakesThemFromTheOneWithTheMost) {
    make({.exporters = 9, .names_per_exporter = 800, .names = 1000});
    for (std::uint32_t i = 1; i <= 800; ++i) ASSERT_EQ(interface_of(1, i), text_of(1, i));
    for (std::uint32_t i = 1; i <= 800; ++i) ASSERT_EQ(interface_of(2, i), text_of(2, i));
    for (std::uint32_t exporter = 3; exporter < 9; ++exporter)
        for (std::uint32_t i = 1; i <= 100; ++i)
            ASSERT_EQ(interface_of(exporter, i), text_of(exporter, i));
    for (std::uint32_t exporter = 3; exporter < 9; ++exporter)
        EXPECT_EQ(entry(exporter).interfaces.size(), 100U);
    EXPECT_EQ(index_->names().rows().size(), 1000U);
    EXPECT_EQ(index_->names().refused(), 0U);
    EXPECT_EQ(next_hop_of(2, 1), "0.0.0.1") << "next hops have rows of their own";
}

TEST_F(ExporterIndexTest, ANewExporterReplacesTheOldestOne) {
    make({.exporters = 2, .names_per_exporter = 200, .names = 300});
    for (std::uint32_t i = 1; i <= 100; ++i) ASSERT_EQ(interface_of(1, i), text_of(1, i));
    EXPECT_EQ(next_hop_of(2, 1), "0.0.0.1");
    EXPECT_EQ(renames_, 0);
    EXPECT_EQ(interface_of(3, 1), text_of(3, 1));
    EXPECT_EQ(renames_, 1) << "a row of the first";
    EXPECT_EQ(interface_of(2, 1), text_of(2, 1));
    EXPECT_EQ(interface_of(1, 1), text_of(1, 1));
    EXPECT_EQ(index_->names().rows().size(), 101U);
    EXPECT_EQ(index_->names().refused(), 0U);
}

// A reading has two interfaces: the second one must not take the row of the first one.
TEST_F(ExporterIndexTest, LimitsLeaveMoreNamesToAnExporterThanItsCacheHolds) {
    EXPECT_DEATH(make({.exporters = 4, .names_per_exporter = 200, .names = 2}), "cached_max");
    EXPECT_DEATH(make({.exporters = 4, .names_per_exporter = 64, .names = 1000}), "cached_max");
}

TEST(NamePool, GivesUpNoRowWithoutAny) {
    NamePool<InterfaceKeys> pool;
    EXPECT_DEATH(static_cast<void>(pool.remove_oldest()), "size");
}

}  // namespace
}  // namespace octroi::normalize
