// SPDX-License-Identifier: GPL-3.0-or-later
#include "view/text.hpp"

#include <gtest/gtest.h>

namespace octroi {
namespace {

TEST(Text, WidthOfWhatTerminalsShow) {
    EXPECT_EQ(text_width("abc"), 3);
    EXPECT_EQ(text_width("Zürich"), 6);
    EXPECT_EQ(text_width("東京"), 4);
    EXPECT_EQ(text_width("한국"), 4);
    EXPECT_EQ(text_width("e\u0301"), 1);  // a letter and a mark on it
    EXPECT_EQ(text_width("🙂"), 2);
    EXPECT_EQ(text_width("a\u200Bb"), 2);  // zero width space
    EXPECT_EQ(text_width(""), 0);
}

TEST(Text, CutsAtColumnsAndNeverInsideALetter) {
    EXPECT_EQ(cut("accounting", 10), "accounting");
    EXPECT_EQ(cut("accounting", 9), "accounti…");
    EXPECT_EQ(cut("東京都庁", 8), "東京都庁");
    EXPECT_EQ(cut("東京都庁", 7), "東京都…");
    EXPECT_EQ(cut("東京都庁", 6), "東京…");
    EXPECT_EQ(cut("abc", 1), "…");
    EXPECT_EQ(cut("abc", 0), "");
    EXPECT_EQ(cut("e\u0301e\u0301e\u0301", 2), "e\u0301…");
}

TEST(Text, FitsExactly) {
    EXPECT_EQ(fit("東京", 6), "東京  ");
    EXPECT_EQ(fit("東京都庁", 6), "東京… ");
    EXPECT_EQ(fit("12", 5, Align::right), "   12");
    for (int width = 0; width < 12; ++width) EXPECT_EQ(text_width(fit("a東京bö🙂", width)), width);
}

TEST(Text, WrapsAtSpaces) {
    EXPECT_EQ(wrapped("one two three", 0), "one two three");
    EXPECT_EQ(wrapped("one two three", 7), "one two\nthree");
    EXPECT_EQ(wrapped("one two three", 3), "one\ntwo\nthree");
    EXPECT_EQ(wrapped("東京 都庁", 8), "東京\n都庁");
    EXPECT_EQ(wrapped("a  b", 10), "a  b");
    EXPECT_EQ(wrapped("", 10), "");
}

TEST(Text, ShowsNothingThatActsOnATerminal) {
    EXPECT_EQ(show("plain Zürich 東京"), "plain Zürich 東京");
    EXPECT_EQ(show("a\x1b[31mb"), "a\uFFFD[31mb");
    EXPECT_EQ(show("a\nb\tc\rd"), "a\uFFFDb\uFFFDc\uFFFDd");
    EXPECT_EQ(show("\u009b2J"), "\uFFFD2J");  // CSI as one C1 control
    EXPECT_EQ(show("a\u202Ecod.exe"), "a\uFFFDcod.exe");
    EXPECT_EQ(show(std::string_view("a\0b", 3)), "a\uFFFDb");
}

TEST(Text, EveryMalformedSequenceGivesReplacements) {
    // The counts of U+FFFD are those of the Unicode Standard's "maximal subpart" practice.
    EXPECT_EQ(show("\xff"), "\uFFFD");
    EXPECT_EQ(show("\xc0\xaf"), "\uFFFD\uFFFD");                      // overlong '/'
    EXPECT_EQ(show("\xe0\x80\x80"), "\uFFFD\uFFFD\uFFFD");            // overlong
    EXPECT_EQ(show("\xed\xa0\x80"), "\uFFFD\uFFFD\uFFFD");            // surrogate
    EXPECT_EQ(show("\xf4\x90\x80\x80"), "\uFFFD\uFFFD\uFFFD\uFFFD");  // above U+10FFFF
    EXPECT_EQ(show("\xf0\x9f\x99"), "\uFFFD");                        // cut off
    EXPECT_EQ(show("\xe6\x9d"
                   "A"),
              "\uFFFD"
              "A");
    EXPECT_EQ(show("\xf4\x8f\xbf\xbf"), "\U0010FFFF");
}

TEST(Text, EncodesWhatItDecodes) {
    for (const char32_t c : {U'a', U'\u007F', U'\u0080', U'\u07FF', U'\u0800', U'\uFFFD',
                             U'\U00010000', U'\U0010FFFF'}) {
        std::string text;
        append_utf8(text, c);
        std::string_view rest = text;
        bool valid = false;
        EXPECT_EQ(take_code_point(rest, valid), c);
        EXPECT_TRUE(valid);
        EXPECT_TRUE(rest.empty());
    }
}

}  // namespace
}  // namespace octroi
