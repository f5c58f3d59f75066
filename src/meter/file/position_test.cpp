// SPDX-License-Identifier: GPL-3.0-or-later
#include "meter/file/position.hpp"

#include <gtest/gtest.h>

#include "base/id.hpp"

namespace octroi::file {
namespace {

Position some_position() {
    Position p;
    p.head_length = 4096;
    p.at.offset = 1000;
    p.at.digest.fill(0xab);
    p.frames = 7;
    p.last_time = 1'790'000'000'123'456'789;
    p.ended = p.damaged = true;
    p.rest = 3;
    p.device = 5;
    p.inode = 6;
    p.marks = {{500, p.at.digest}};
    p.dropped = {9, 10};
    p.reader = "reader";
    p.fragments = "fragments";
    return p;
}

std::string octets_of(std::string_view hex) {
    std::string octets;
    for (std::size_t i = 0; i + 1 < hex.size(); i += 2)
        octets += static_cast<char>(std::stoi(std::string(hex.substr(i, 2)), nullptr, 16));
    return octets;
}

// Ledgers contain it. The octets were written by commit c282105.
TEST(FrozenPosition, OfAnEarlierVersionIsRead) {
    const auto read = Position::parse(
        octets_of("020000100000000000000003e8000000000000000718d75b842b4ecd15030000000000000003abab"
                  "abababababababababababababab0000000000000005000000000000000600000001000000000000"
                  "01f4abababababababababababababababab000000020000000000000040abababababababababab"
                  "abababababab0000000000000080abababababababababababababababab00000002000000000000"
                  "0009000000000000000a0000000672656164657200000009667261676d656e7473"));
    ASSERT_TRUE(read.has_value());
    const Position expected = some_position();
    EXPECT_FALSE(read->key);
    EXPECT_EQ(read->at, expected.at);
    EXPECT_EQ(read->marks, expected.marks);
    EXPECT_EQ(read->beginnings,
              (std::vector<Mark>{{64, expected.at.digest}, {128, expected.at.digest}}));
    EXPECT_EQ(read->fragments, expected.fragments);
}

// Ledgers contain it.
TEST(FrozenPosition, HasTheSameOctetsInEveryVersion) {
    Position p = some_position();
    p.key = ContentMarks::Key{0x0102030405060708U, 0x090a0b0c0d0e0f10U};
    p.damage = {4, p.at.digest};
    const std::string saved = p.save();
    EXPECT_EQ(to_hex(saved),
              "030000100000000000000003e8000000000000000718d75b842b4ecd15030000000000000003abab"
              "abababababababababababababab0000000000000005000000000000000600000001000000000000"
              "01f4abababababababababababababababab0102030405060708090a0b0c0d0e0f10000000000000"
              "0004abababababababababababababababab000000020000000000000009000000000000000a0000"
              "000672656164657200000009667261676d656e7473");
    const auto read = Position::parse(saved);
    ASSERT_TRUE(read.has_value());
    EXPECT_EQ(read->save(), saved);
}

// Cursors contain the digests, so neither the hash nor the places of the marks may change.
TEST(FrozenPosition, ContentHasTheSameDigestsInEveryVersion) {
    ContentMarks content({1, 2});
    std::string octets(5000, ' ');
    for (std::size_t i = 0; i < octets.size(); ++i) octets[i] = static_cast<char>(i * i % 251);
    // In pieces: the digest does not depend on them.
    for (std::size_t at = 0, n = 1; at < octets.size(); at += n, n = n * 3 % 1001)
        content.add(as_octets(octets).subspan(at, std::min(n, octets.size() - at)));
    EXPECT_EQ(content.length(), octets.size());
    const Digest digest = content.digest();
    EXPECT_EQ(to_hex(std::string(digest.begin(), digest.end())),
              "684b9a596802d012dc66697b2fa059a8");
    EXPECT_EQ(content.marks().size(), 24U);
    EXPECT_NE(content.find(1280), nullptr);
    ContentMarks other({1, 3});
    other.add(as_octets(octets));
    EXPECT_NE(other.digest(), digest) << "of another key";
}

// Marks stay few, and at most a third of a shorter file is behind the last one.
TEST(ContentMarks, AreSpreadOverFilesOfAnySize) {
    ContentMarks content({1, 2});
    const std::vector<std::byte> block(100'000);
    for (int i = 0; i < 30; ++i) {
        content.add(block);
        ASSERT_LE(content.marks().size(), ContentMarks::marks_max);
        std::uint64_t last = 0;
        for (const Mark& mark : content.marks()) {
            EXPECT_LE(mark.offset - last, std::max<std::uint64_t>(last / 3, 256));
            last = mark.offset;
        }
        EXPECT_LE(content.length() - last, content.length() / 32 + 256);
    }
}

}  // namespace
}  // namespace octroi::file
