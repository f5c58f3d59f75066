// SPDX-License-Identifier: GPL-3.0-or-later
#include "meter/file/position.hpp"

#include <gtest/gtest.h>

#include "base/id.hpp"

namespace octroi::file {
namespace {

// Ledgers contain it. The octets were written by commit c282105.
TEST(FrozenPosition, OfAFileHasTheOctetsOfEarlierVersions) {
    Position p;
    p.head_length = 4096;
    p.at.offset = 1000;
    p.at.tail.fill(0xab);
    p.frames = 7;
    p.last_time = 1'790'000'000'123'456'789;
    p.ended = p.damaged = true;
    p.rest = 3;
    p.device = 5;
    p.inode = 6;
    p.marks = {{500, p.at.tail}};
    p.beginnings = {{64, p.at.tail}, {128, p.at.tail}};
    p.dropped = {9, 10};
    p.reader = "reader";
    p.fragments = "fragments";
    const std::string saved = p.save();
    EXPECT_EQ(to_hex(saved),
              "020000100000000000000003e8000000000000000718d75b842b4ecd15030000000000000003abab"
              "abababababababababababababab0000000000000005000000000000000600000001000000000000"
              "01f4abababababababababababababababab000000020000000000000040abababababababababab"
              "abababababab0000000000000080abababababababababababababababab00000002000000000000"
              "0009000000000000000a0000000672656164657200000009667261676d656e7473");
    const auto read = Position::parse(saved);
    ASSERT_TRUE(read.has_value());
    EXPECT_EQ(read->save(), saved);
}

}  // namespace
}  // namespace octroi::file
