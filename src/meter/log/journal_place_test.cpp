// SPDX-License-Identifier: GPL-3.0-or-later
#include "meter/log/journal_place.hpp"

#include <gtest/gtest.h>

#include "base/byte_cursor.hpp"

namespace octroi::logs {
namespace {

TEST(JournalPlace, APositionIsReadAsItWasWritten) {
    const JournalPosition position{
        .place = {.cursor = "s=1;i=2", .realtime_us = 7, .is_read = false},
        .format = "postfix",
        .reader = "state",
        .times = "2024"};
    const auto read = JournalPosition::parse(position.save());
    ASSERT_TRUE(read.has_value());
    EXPECT_EQ(read->place.cursor, "s=1;i=2");
    EXPECT_EQ(read->place.realtime_us, 7U);
    EXPECT_FALSE(read->place.is_read);
    EXPECT_EQ(read->format, "postfix");
    EXPECT_EQ(read->reader, "state");
    EXPECT_EQ(read->times, "2024");
}

TEST(JournalPlace, APositionOfAnEarlierVersionHasNoTime) {
    ByteWriter out;
    out.u8(1);
    for (const char* text : {"s=1;i=2", "postfix", "", ""}) out.text(text);
    const auto read = JournalPosition::parse(out.octets());
    ASSERT_TRUE(read.has_value());
    EXPECT_EQ(read->place.cursor, "s=1;i=2");
    EXPECT_TRUE(read->place.is_read);
    EXPECT_EQ(read->place.realtime_us, 0U);
    EXPECT_FALSE(JournalPosition::parse(out.octets() + "x").has_value());
    EXPECT_FALSE(JournalPosition::parse("").has_value());
}

// What `journalctl --flush` does to the cursor of an entry.
TEST(JournalPlace, AnEntryIsTheSameAfterItsMoveToAnotherFile) {
    EXPECT_TRUE(is_same_entry("s=aa;i=12;b=cc;m=1;t=2;x=3", "s=bb;i=4;b=cc;m=1;t=2;x=3"));
    EXPECT_FALSE(is_same_entry("s=aa;i=12;b=cc;m=1;t=2;x=3", "s=aa;i=12;b=cc;m=1;t=9;x=3"));
    EXPECT_FALSE(is_same_entry("0001", "0002"));
}

}  // namespace
}  // namespace octroi::logs
