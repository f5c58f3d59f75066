// SPDX-License-Identifier: GPL-3.0-or-later
#include "wire/exporter/memory_budget.hpp"

#include <gtest/gtest.h>

#include <optional>

namespace octroi::exporter {
namespace {

TEST(MemoryBudget, FitsUpToTheLimit) {
    MemoryBudget budget(100);
    budget.charge(60);
    EXPECT_TRUE(budget.fits(40));
    EXPECT_FALSE(budget.fits(41));
    budget.release(10);
    EXPECT_EQ(budget.used(), 50U);
    EXPECT_TRUE(budget.fits(50));
}

TEST(MemoryBudget, SharesAddUp) {
    MemoryBudget budget(100);
    MemoryShare a(budget);
    MemoryShare b(budget);
    a.charge(30);
    b.charge(20);
    a.release(5);
    EXPECT_EQ(a.octets(), 25U);
    EXPECT_EQ(b.octets(), 20U);
    EXPECT_EQ(budget.used(), 45U);
}

TEST(MemoryBudget, AShareReturnsWhatItHolds) {
    MemoryBudget budget(100);
    std::optional<MemoryShare> share(std::in_place, budget);
    share->charge(30);
    share.reset();
    EXPECT_EQ(budget.used(), 0U);
}

}  // namespace
}  // namespace octroi::exporter
