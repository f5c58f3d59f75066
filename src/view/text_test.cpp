// SPDX-License-Identifier: GPL-3.0-or-later
#include "view/text.hpp"

#include <gtest/gtest.h>

namespace octroi {
namespace {

struct Width {
    const char* what;
    std::string_view text;
    int columns;
};

class TextWidth : public testing::TestWithParam<Width> {};

TEST_P(TextWidth, IsWhatTerminalsCount) {
    EXPECT_EQ(text_width(GetParam().text), GetParam().columns) << GetParam().what;
}

INSTANTIATE_TEST_SUITE_P(
    Text, TextWidth,
    testing::Values(
        Width{"empty", "", 0}, Width{"ASCII", "abc ~", 5}, Width{"Latin-1", "Zürich", 6},
        // East Asian Width (UAX #11): W and F take 2 columns, H, N and A take 1.
        Width{"CJK ideographs", "東京", 4}, Width{"Hangul syllables", "한국", 4},
        Width{"full-width Latin", "Ａ１", 4}, Width{"half-width Katakana", "ｱｲ", 2},
        Width{"ambiguous", "§±→", 3}, Width{"ideographic space", "\u3000", 2},
        Width{"ideograph beyond the BMP", "𠀀", 2}, Width{"combining mark", "e\u0301", 1},
        Width{"three marks", "e\u0301\u0302\u0323", 1}, Width{"enclosing mark", "a\u20DD", 1},
        Width{"vowel sign with its own column", "का", 2},
        Width{"Hangul of conjoining letters", "\u1112\u1161\u11AB", 2},
        Width{"zero width space", "a\u200Bb", 2}, Width{"zero width joiner", "a\u200Db", 2},
        Width{"soft hyphen", "a\u00ADb", 3}, Width{"emoji", "🙂", 2},
        Width{"emoji with skin tone: two emoji for wcwidth", "👍🏽", 4},
        Width{"emoji joined to a family", "👩\u200D👧", 4}, Width{"flag of two letters", "🇦🇹", 2},
        Width{"text style heart", "❤", 1}, Width{"keycap", "1\uFE0F\u20E3", 1},
        Width{"private use", "\uE000", 1}, Width{"replacement character", "\uFFFD", 1},
        Width{"not UTF-8: one replacement for each octet", "\xff\xfe", 2},
        Width{"escape and delete have no width", "\x1b\x7f", 0}));

TEST(Text, CutsAtColumnsAndNeverInsideACharacter) {
    EXPECT_EQ(cut("accounting", 10), "accounting");
    EXPECT_EQ(cut("accounting", 9), "accounti…");
    EXPECT_EQ(cut("東京都庁", 8), "東京都庁");
    EXPECT_EQ(cut("東京都庁", 7), "東京都…");
    EXPECT_EQ(cut("東京都庁", 6), "東京…");
    EXPECT_EQ(cut("abc", 1), "…");
    EXPECT_EQ(cut("abc", 0), "");
    EXPECT_EQ(cut("e\u0301e\u0301e\u0301", 2), "e\u0301…");
    EXPECT_EQ(cut("e\u0301e\u0301e\u0301", 1, ""), "e\u0301");
}

TEST(Text, CutsBetweenGraphemeClustersOnly) {
    EXPECT_EQ(cut("a👩\u200D👧b", 5), "a…");  // the family as a whole does not fit
    EXPECT_EQ(cut("a👩\u200D👧bc", 6), "a👩\u200D👧…");
    EXPECT_EQ(cut("👍🏽👍🏽", 7), "👍🏽…");
    EXPECT_EQ(cut("🇦🇹🇨🇭", 3), "🇦🇹…");
    EXPECT_EQ(cut("🇦🇹🇨🇭", 2), "…");
    EXPECT_EQ(cut("\u1112\u1161\u11AB\u1112\u1161\u11AB", 3), "\u1112\u1161\u11AB…");
    EXPECT_EQ(cut("काका", 3), "का…");
}

TEST(Text, FitsExactly) {
    EXPECT_EQ(fit("東京", 6), "東京  ");
    EXPECT_EQ(fit("東京都庁", 6), "東京… ");
    EXPECT_EQ(fit("12", 5, Align::right), "   12");
    for (const char* text : {"a東京bö🙂", "👩\u200D👧🇦🇹", "काe\u0301\u1112\u1161\u11AB"})
        for (int width = 0; width < 12; ++width) EXPECT_EQ(text_width(fit(text, width)), width);
}

TEST(Text, WrapsAtSpaces) {
    EXPECT_EQ(wrapped("one two three", 0), "one two three");
    EXPECT_EQ(wrapped("one two three", 7), "one two\nthree");
    EXPECT_EQ(wrapped("one two three", 3), "one\ntwo\nthree");
    EXPECT_EQ(wrapped("東京 都庁", 8), "東京\n都庁");
    EXPECT_EQ(wrapped("a  b", 10), "a  b");
    EXPECT_EQ(wrapped("", 10), "");
}

TEST(Text, PrintableTextCannotActOnATerminal) {
    EXPECT_EQ(printable("plain Zürich 東京"), "plain Zürich 東京");
    EXPECT_EQ(printable("a\x1b[31mb"), "a\uFFFD[31mb");
    EXPECT_EQ(printable("a\nb\tc\rd"), "a\uFFFDb\uFFFDc\uFFFDd");
    EXPECT_EQ(printable("a\x7f\bb"), "a\uFFFD\uFFFDb");
    EXPECT_EQ(printable("\u009b2J"), "\uFFFD2J");  // CSI as one C1 control
    EXPECT_EQ(printable("a\u2028b\u2029c"), "a\uFFFDb\uFFFDc");
    EXPECT_EQ(printable(std::string_view("a\0b", 3)), "a\uFFFDb");
    // Format characters that only join or separate letters stay.
    EXPECT_EQ(printable("a\u200B👩\u200D👧"), "a\u200B👩\u200D👧");
}

TEST(Text, EveryControlCharacterBecomesAReplacement) {
    for (char32_t c = 0; c < 0xA0; ++c) {
        const bool control = c < 0x20 || c >= 0x7F;
        std::string text;
        if (c >= 0x80) text.push_back('\xC2');
        text.push_back(static_cast<char>(c));
        EXPECT_EQ(printable(text), control ? "\uFFFD" : text) << static_cast<unsigned>(c);
    }
}

TEST(Text, DirectionCannotBeTurned) {
    for (const char* control : {"\u061C", "\u200E", "\u200F", "\u202A", "\u202B", "\u202C",
                                "\u202D", "\u202E", "\u2066", "\u2067", "\u2068", "\u2069"})
        EXPECT_EQ(printable(std::string("a") + control + "cod.exe"), "a\uFFFDcod.exe");
}

TEST(Text, EveryMalformedSequenceGivesReplacements) {
    // The counts of U+FFFD are those of the Unicode Standard's "maximal subpart" practice.
    EXPECT_EQ(printable("\xff"), "\uFFFD");
    EXPECT_EQ(printable("\x80\xbf"), "\uFFFD\uFFFD");                      // continuation alone
    EXPECT_EQ(printable("\xc0\xaf"), "\uFFFD\uFFFD");                      // overlong '/'
    EXPECT_EQ(printable("\xe0\x80\x80"), "\uFFFD\uFFFD\uFFFD");            // overlong
    EXPECT_EQ(printable("\xf0\x8f\xbf\xbf"), "\uFFFD\uFFFD\uFFFD\uFFFD");  // overlong
    EXPECT_EQ(printable("\xed\xa0\x80"), "\uFFFD\uFFFD\uFFFD");            // surrogate
    EXPECT_EQ(printable("\xf4\x90\x80\x80"), "\uFFFD\uFFFD\uFFFD\uFFFD");  // above U+10FFFF
    EXPECT_EQ(printable("\xf5\x80"), "\uFFFD\uFFFD");                      // no such lead octet
    EXPECT_EQ(printable("\xf0\x9f\x99"), "\uFFFD");                        // incomplete
    EXPECT_EQ(printable("\xf0\x9f\x99\xff"), "\uFFFD\uFFFD");
    EXPECT_EQ(printable("\xe6\x9d"
                        "A"),
              "\uFFFD"
              "A");
    // Table 3-8 of the Unicode Standard 15.0.
    EXPECT_EQ(printable("\xe1\x80\xe2\xf0\x91\x92\xf1\xbf"
                        "A"),
              "\uFFFD\uFFFD\uFFFD\uFFFD"
              "A");
    EXPECT_EQ(printable("\xf4\x8f\xbf\xbf"), "\U0010FFFF");
}

TEST(Text, DecodesTheFirstAndTheLastCodePointOfEachLength) {
    struct Sample {
        std::string_view text;
        char32_t value;
    };
    for (const Sample& sample :
         {Sample{"a", U'a'}, Sample{"\x7f", U'\u007F'}, Sample{"\u0080", U'\u0080'},
          Sample{"\u07FF", U'\u07FF'}, Sample{"\u0800", U'\u0800'}, Sample{"\uFFFD", U'\uFFFD'},
          Sample{"\U00010000", U'\U00010000'}, Sample{"\U0010FFFF", U'\U0010FFFF'}}) {
        const std::string text = std::string(sample.text) + "rest";
        std::string_view rest = text;
        const CodePoint decoded = decode_code_point(rest);
        EXPECT_EQ(decoded.value, sample.value);
        EXPECT_EQ(decoded.octets, sample.text);
        EXPECT_EQ(rest, "rest");
    }
}

}  // namespace
}  // namespace octroi
