// SPDX-License-Identifier: GPL-3.0-or-later
#include "meter/log/followed_files.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <fstream>
#include <string>
#include <vector>

#include "host/testing/folder.hpp"
#include "meter/log/log_cursor.hpp"

namespace octroi::logs {
namespace {

using ::testing::HasSubstr;

TEST(FollowedFiles, AreRefusedUnderAnyName) {
    const octroi::testing::Folder folder;
    const std::string path = folder.file("access.log.1");
    std::ofstream(path) << "one\ntwo\n";
    std::ofstream(folder.file("other")) << "three\n";
    LogPosition position;
    position.path = "/var/log/access.log";
    position.state.present.emplace();
    auto stream = file::Stream::open(path).value();
    ASSERT_TRUE(note_head(stream, *position.state.present));
    std::vector<Cursor> cursors{{"logfile:00", "not ours", 1, ""},
                                {"logfollow:0123", position.save(), 1, ""}};
    EXPECT_TRUE(refuse_followed(path, cursors)) << "nothing was read of the file";
    position.state.present->offset = 4;
    cursors[1].position = position.save();
    const Status refused = refuse_followed(path, cursors);
    ASSERT_FALSE(refused);
    EXPECT_EQ(refused.error().code, ErrorCode::conflict);
    EXPECT_THAT(refused.error().text, HasSubstr("/var/log/access.log"));
    EXPECT_TRUE(refuse_followed(folder.file("other"), cursors));
    // Of older files only the head is remembered.
    position.state.finished = {head_of(*position.state.present)};
    position.state.present.reset();
    cursors[1].position = position.save();
    EXPECT_EQ(refuse_followed(path, cursors).error().code, ErrorCode::conflict);
    std::ofstream(path, std::ios::app) << "another file, with the same line in front\n";
    EXPECT_TRUE(refuse_followed(path, cursors));
    EXPECT_TRUE(refuse_followed(folder.file("other"), cursors));
    EXPECT_TRUE(refuse_followed("-", cursors));
}

}  // namespace
}  // namespace octroi::logs
