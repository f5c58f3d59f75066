// SPDX-License-Identifier: GPL-3.0-or-later
#include "host/interfaces.hpp"

#include <gtest/gtest.h>

#include <algorithm>

namespace octroi {
namespace {

TEST(Interfaces, KnowsTheLoopback) {
    const auto all = interfaces();
    ASSERT_TRUE(all.has_value()) << all.error().text;
    const auto lo =
        std::find_if(all->begin(), all->end(), [](const Interface& i) { return i.loopback; });
    ASSERT_NE(lo, all->end());
    EXPECT_FALSE(lo->meterable);
    EXPECT_EQ(lo->why_not, "loopback");
    EXPECT_GT(lo->index, 0);
    for (const Interface& i : *all) EXPECT_EQ(i.meterable, i.why_not.empty()) << i.name;
}

TEST(Interfaces, AnUnknownNameIsAnsweredWithTheKnownOnes) {
    const auto none = interface("nosuch0");
    ASSERT_FALSE(none.has_value());
    EXPECT_EQ(none.error().code, ErrorCode::not_found);
    EXPECT_NE(none.error().text.find("lo"), std::string::npos);
}

TEST(Interfaces, TheBootHasAName) { EXPECT_EQ(boot_id().value_or("").size(), 36U); }

}  // namespace
}  // namespace octroi
