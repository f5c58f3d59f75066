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

TEST(LogCursor, ADamagedPositionIsRefused) {
    const std::string saved = some_position().save();
    for (std::size_t length = 0; length < saved.size(); ++length)
        EXPECT_FALSE(LogPosition::parse(saved.substr(0, length))) << length;
    EXPECT_FALSE(LogPosition::parse(saved + "x"));
    std::string other = saved;
    other[0] = 2;
    EXPECT_EQ(LogPosition::parse(other).error().code, ErrorCode::unsupported);
}

}  // namespace
}  // namespace octroi::logs
