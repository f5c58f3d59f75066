// SPDX-License-Identifier: GPL-3.0-or-later
#include "meter/log/log_cursor.hpp"

#include <gtest/gtest.h>

namespace octroi::logs {
namespace {

LogPosition some_position() {
    LogPosition position;
    position.path = "/var/log/nginx/access.log";
    position.state.floor = UtcTime{17};
    position.state.present.emplace();
    position.state.present->device = 1;
    position.state.present->inode = 2;
    position.state.present->offset = 3;
    position.state.present->lines = 4;
    position.state.present->size = 5;
    position.state.present->modified = UtcTime{-6};
    position.state.present->head_length = 7;
    position.state.present->head[3] = 8;
    position.state.present->tail[15] = 9;
    position.state.earlier.resize(2);
    position.state.earlier[1].finished = true;
    position.state.earlier[1].has_rest = true;
    position.state.finished.resize(2);
    position.state.finished[0].length = SeenFile::head_max;
    position.state.finished[1].was_read = true;
    position.state.finished[1].digest[15] = position.state.present->tail[15];
    position.format = "combined";
    position.reader = std::string("state\0with NUL", 14);
    position.times = "times";
    return position;
}

TEST(LogCursor, ASavedPositionIsReadAgain) {
    const LogPosition position = some_position();
    const auto read = LogPosition::parse(position.save());
    ASSERT_TRUE(read);
    EXPECT_EQ(*read, position);
    const auto empty = LogPosition::parse(LogPosition{}.save());
    ASSERT_TRUE(empty);
    EXPECT_EQ(*empty, LogPosition{});
}

// Ledgers have cursors of format 1: it ends before the heads of finished files.
TEST(LogCursor, APositionOfFormatOneIsRead) {
    LogPosition position = some_position();
    position.state.finished.clear();
    std::string saved = position.save();
    saved[0] = 1;
    saved.resize(saved.size() - 2);
    const auto read = LogPosition::parse(saved);
    ASSERT_TRUE(read);
    EXPECT_EQ(*read, position);
}

// A ledger takes cursors of 1 MiB at most, and the state of a format has 512 KiB (and a length).
TEST(LogCursor, TheLargestPositionFitsALedger) {
    LogPosition position = some_position();
    position.path.assign(4096, 'p');
    position.reader.assign((std::size_t{512} << 10U) + 4, 'r');
    position.state.earlier.resize(FollowedLog::earlier_max);
    position.state.finished.resize(FollowedLog::heads_max);
    EXPECT_LT(position.save().size(), (std::size_t{1} << 20U) * 3 / 4);
}

TEST(LogCursor, ADamagedPositionIsRefused) {
    const std::string saved = some_position().save();
    for (std::size_t length = 0; length < saved.size(); ++length)
        EXPECT_FALSE(LogPosition::parse(saved.substr(0, length))) << length;
    EXPECT_FALSE(LogPosition::parse(saved + "x"));
    std::string other = saved;
    other[0] = 3;
    EXPECT_EQ(LogPosition::parse(other).error().code, ErrorCode::unsupported);
}

}  // namespace
}  // namespace octroi::logs
