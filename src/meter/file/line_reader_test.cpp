// SPDX-License-Identifier: GPL-3.0-or-later
#include "meter/file/line_reader.hpp"

#include <gtest/gtest.h>

#include <fstream>
#include <vector>

#include "host/testing/folder.hpp"

namespace octroi::file {
namespace {

using namespace std::string_literals;

struct ReadLine {
    std::string text;
    std::uint64_t number = 0;
    std::uint64_t offset = 0;
    bool is_cut = false;

    bool operator==(const ReadLine&) const = default;
    friend void PrintTo(const ReadLine& line, std::ostream* out) {
        *out << line.number << "@" << line.offset << (line.is_cut ? " cut " : " ")
             << line.text.substr(0, 40);
    }
};

ReadLine copy_of(const Line& line) {
    return {std::string(line.text), line.number, line.offset, line.is_cut};
}

// A file with this text, and a reader of its lines.
class LinesOf {
public:
    explicit LinesOf(const std::string& text, std::size_t octets_max = 16,
                     std::uint64_t lines_before = 0)
        : path_(folder_.file("text")) {
        std::ofstream(path_, std::ios::binary) << text;
        auto opened = Stream::open(path_);
        EXPECT_TRUE(opened.has_value());
        stream_.emplace(*std::move(opened));
        reader_.emplace(*stream_, octets_max, lines_before);
    }
    [[nodiscard]] std::vector<ReadLine> all() {
        std::vector<ReadLine> found;
        for (;;) {
            const auto line = reader_->next();
            EXPECT_TRUE(line.has_value());
            if (!line || !*line) return found;
            found.push_back(copy_of(**line));
        }
    }
    [[nodiscard]] std::optional<ReadLine> rest() const {
        const auto line = reader_->rest();
        return line ? std::optional(copy_of(*line)) : std::nullopt;
    }
    [[nodiscard]] const LineReader& reader() const { return *reader_; }
    [[nodiscard]] std::uint64_t position() const { return stream_->position(); }

private:
    octroi::testing::Folder folder_;
    std::string path_;
    std::optional<Stream> stream_;
    std::optional<LineReader> reader_;
};

using Lines = std::vector<ReadLine>;

TEST(LineReader, GivesEachLineWithItsNumberAndOffset) {
    LinesOf lines("one\n\ntwo\r\nthree\rfour\r\n");
    EXPECT_EQ(lines.all(),
              (Lines{{"one", 1, 0}, {"", 2, 4}, {"two", 3, 5}, {"three\rfour", 4, 10}}));
    EXPECT_EQ(lines.rest(), std::nullopt);
    EXPECT_EQ(lines.reader().lines(), 4U);
    EXPECT_EQ(lines.position(), 22U);
    EXPECT_TRUE(LinesOf("").all().empty());
    EXPECT_EQ(LinesOf("a\n", 16, 41).all(), (Lines{{"a", 42, 0}}));
}

TEST(LineReader, ReturnsALineWithoutAnEndAsTheRestOnly) {
    LinesOf lines("one\ntwo");
    EXPECT_EQ(lines.all(), (Lines{{"one", 1, 0}}));
    EXPECT_EQ(lines.rest(), (ReadLine{"two", 2, 4}));
    EXPECT_EQ(lines.position(), 4U) << "a later import reads the whole line";
    EXPECT_TRUE(lines.all().empty()) << "a second call finds nothing more";
    EXPECT_EQ(lines.reader().lines(), 1U);
}

TEST(LineReader, CutsALineThatIsTooLongAndReadsTheNextOne) {
    const std::string fits(16, 'f');
    LinesOf lines(fits + "\n" + fits + "\r\n" + fits + "x\n" + std::string(2'000'000, 'y') +
                  "\nnext\n");
    EXPECT_EQ(lines.all(), (Lines{{fits, 1, 0},
                                  {fits, 2, 17},
                                  {fits, 3, 35, true},
                                  {std::string(16, 'y'), 4, 53, true},
                                  {"next", 5, 2'000'054}}));
    EXPECT_EQ(lines.reader().cut_lines(), 2U);
}

TEST(LineReader, CutsALongLineWithoutAnEnd) {
    LinesOf lines("a\n" + std::string(3'000'000, 'y'));
    EXPECT_EQ(lines.all(), (Lines{{"a", 1, 0}}));
    EXPECT_EQ(lines.rest(), (ReadLine{std::string(16, 'y'), 2, 2, true}));
    EXPECT_EQ(lines.reader().cut_lines(), 0U) << "it has no end yet";
    LinesOf barely(std::string(17, 'z'));
    EXPECT_TRUE(barely.all().empty());
    EXPECT_EQ(barely.rest(), (ReadLine{std::string(16, 'z'), 1, 0, true}));
}

TEST(LineReader, PassesOverNulsBeforeALineAndKeepsThoseWithin) {
    LinesOf lines("a\n"s + std::string(1'000'000, '\0') + "b\0c\n"s + "\0\n"s + "\0\0"s);
    EXPECT_EQ(lines.all(), (Lines{{"a", 1, 0}, {"b\0c"s, 2, 2}, {"", 3, 1'000'006}}));
    EXPECT_EQ(lines.rest(), std::nullopt);
    EXPECT_EQ(lines.reader().skipped_nuls(), 1'000'003U);
}

TEST(LineReader, FindsLinesAcrossEachBoundaryOfTheWindow) {
    std::string text;
    Lines expected;
    for (std::uint64_t i = 0; text.size() < 3'000'000; ++i) {
        const std::string line((i * 7919) % 5000, static_cast<char>('a' + i % 26));
        expected.push_back({line, i + 1, text.size()});
        text += line + (i % 3 == 0 ? "\r\n" : "\n");
    }
    EXPECT_EQ(LinesOf(text, 5000).all(), expected);
    // The window is 256 KiB and more: a line of the largest size fits.
    const std::string largest(LineReader::octets_max_limit, 'x');
    EXPECT_EQ(LinesOf(largest + "\r\n", LineReader::octets_max_limit).all(),
              (Lines{{largest, 1, 0}}));
}

// Both ways of reading give the same lines in the same order, and the stream ends at the same
// place.
TEST(LineReader, LinesInTheWindowAreThoseOfNext) {
    const octroi::testing::Folder folder;
    const std::string path = folder.file("text");
    constexpr std::size_t longest = 400;
    {
        std::ofstream out(path, std::ios::binary);
        for (int i = 0; i < 30'000; ++i) {
            if (i % 1000 == 7) out << std::string(3, '\0');
            out << std::string(static_cast<std::size_t>(i % 300), 'a') << i
                << (i % 2 == 0 ? "\n" : "\r\n");
        }
        out << std::string(2 * longest, 'b') << "\nlast\nopen";
    }
    Stream one = Stream::open(path).value();
    Stream other = Stream::open(path).value();
    one.hash_content({1, 2});
    other.hash_content({1, 2});
    LineReader by_next(one, longest);
    LineReader in_window(other, longest);
    std::uint64_t fast = 0;
    for (;;) {
        const auto expected = by_next.next().value();
        std::string_view line;
        if (in_window.next_in_window(line)) {
            ++fast;
            ASSERT_TRUE(expected.has_value());
            ASSERT_EQ(line, expected->text);
            if (fast % 1000 == 0) in_window.settle();
        } else {
            const auto slow = in_window.next().value();
            ASSERT_EQ(slow.has_value(), expected.has_value());
            if (!slow) break;
            ASSERT_EQ(slow->text, expected->text);
            ASSERT_EQ(slow->number, expected->number);
            ASSERT_EQ(other.position(), one.position());
        }
    }
    EXPECT_GT(fast, 29'000U);
    EXPECT_EQ(in_window.rest()->text, "open");
    EXPECT_EQ(in_window.lines(), by_next.lines());
    EXPECT_EQ(in_window.skipped_nuls(), by_next.skipped_nuls());
    EXPECT_EQ(other.content().digest(), one.content().digest());
}

}  // namespace
}  // namespace octroi::file
