// SPDX-License-Identifier: GPL-3.0-or-later
#include "wire/exporter/recent_messages.hpp"

#include <gtest/gtest.h>

namespace octroi::exporter {
namespace {

TEST(RecentMessages, NothingIsKnownAtFirst) {
    const RecentMessages recent;
    EXPECT_FALSE(recent.contains(0, 0));
    EXPECT_EQ(recent.count(), 0U);
}

TEST(RecentMessages, ComparesNumberAndContent) {
    RecentMessages recent;
    recent.add(5, 77);
    EXPECT_TRUE(recent.contains(5, 77));
    EXPECT_FALSE(recent.contains(5, 78));
    EXPECT_FALSE(recent.contains(6, 77));
    EXPECT_FALSE(recent.contains(0, 0));
    EXPECT_EQ(recent.last_sequence(), 5U);
}

TEST(RecentMessages, KeepsAWindow) {
    RecentMessages recent;
    for (std::uint32_t i = 1; i <= RecentMessages::window + 10; ++i) recent.add(i, i);
    EXPECT_EQ(recent.count(), RecentMessages::window + 10U);
    EXPECT_FALSE(recent.contains(10, 10));
    for (std::uint32_t i = 11; i <= RecentMessages::window + 10; ++i)
        EXPECT_TRUE(recent.contains(i, i)) << i;
}

TEST(RecentMessages, SavesAndRestores) {
    RecentMessages recent;
    for (std::uint32_t i = 1; i <= 3; ++i) recent.add(i, i);
    ByteWriter saved;
    recent.save(saved);
    RecentMessages other;
    ByteCursor from(as_octets(saved.octets()));
    ASSERT_TRUE(other.restore(from, recent.count()));
    EXPECT_EQ(from.left(), 0U);
    EXPECT_TRUE(other.contains(2, 2));
    EXPECT_EQ(other.last_sequence(), 3U);
    ByteCursor cut(as_octets(saved.octets()).first(saved.octets().size() - 1));
    EXPECT_FALSE(other.restore(cut, 3));
}

}  // namespace
}  // namespace octroi::exporter
