// SPDX-License-Identifier: GPL-3.0-or-later
#include "config/parse.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <algorithm>
#include <vector>

#include "config/testing/sample_kinds.hpp"

namespace octroi {
namespace {

using octroi::testing::sample_table;
using ::testing::ElementsAre;
using ::testing::HasSubstr;

Result<Config> read(std::string_view text) {
    return parse_config(text, "octroi.toml", sample_table());
}

std::string error_of(std::string_view text) {
    const auto config = read(text);
    return config.has_value() ? "" : config.error().text;
}

TEST(Config, OfAnEmptyTextHasTheDefaults) {
    const auto config = read("");
    ASSERT_TRUE(config.has_value());
    EXPECT_EQ(*config, Config{});
}

TEST(Config, HasAValueForEachOptionOfTheKind) {
    const auto config = read(
        "[[meter]]\nname = \"a\"\nplaces = [\"x\"]\nloud = true\n"
        "[[meter]]\ndepth = 3\nfile = \"f\"\nname = \"b\"\nkind = \"other\"\n");
    ASSERT_TRUE(config.has_value()) << config.error().text;
    ASSERT_EQ(config->meters.size(), 2U);
    MeterConfig a = sample_table().default_meter("sample");
    a.name = "a";
    a.where = {"octroi.toml", 1, 1};
    a.options.set("places", std::vector<std::string>{"x"});
    a.options.set("loud", true);
    EXPECT_EQ(config->meters[0], a);
    MeterConfig b = sample_table().default_meter("other");
    b.name = "b";
    b.where = {"octroi.toml", 5, 1};
    b.options.set("depth", std::int64_t{3});
    b.options.set("file", std::string("f"));
    EXPECT_EQ(config->meters[1], b);
}

TEST(Config, RefusesAnOptionOfAnotherKind) {
    EXPECT_EQ(
        error_of("[[meter]]\nname = \"a\"\nfile = \"f\"\n"),
        "octroi.toml:3:1: [meter] file: an option of kind = \"other\", and this meter has kind "
        "= \"sample\"; remove the line, or write kind = \"other\"");
    EXPECT_THAT(error_of("[[meter]]\nname = \"a\"\nkind = \"other\"\nfile = \"f\"\nloud = true\n"),
                HasSubstr("octroi.toml:5:1: [meter] loud: an option of kind = \"sample\""));
}

TEST(Config, ChecksValuesByTheRowsOfTheKind) {
    EXPECT_THAT(error_of("[[meter]]\nname = \"a\"\ndepth = 3\n"),
                HasSubstr("depth: must be from 64 to 1024"));
    EXPECT_THAT(error_of("[[meter]]\nname = \"a\"\ndepth = 65\n"), HasSubstr("must be even"));
    EXPECT_THAT(error_of("[[meter]]\nname = \"a\"\nkind = \"other\"\n"),
                HasSubstr("octroi.toml:1:1: [meter] file is missing"));
    EXPECT_EQ(error_of("[[meter]]\nname = \"a\"\nkind = \"othr\"\n"),
              "octroi.toml:3:8: [meter] kind: 'othr' is not a valid value; did you mean other?");
}

TEST(Config, MakesTheChecksOfTheKind) {
    EXPECT_EQ(error_of("[[meter]]\nname = \"a\"\nleast = \"2m\"\n"),
              "octroi.toml:1:1: [meter] a: least is over most");
    EXPECT_EQ(error_of("[[meter]]\nname = \"a\"\nleast = \"2m\"\nlongest = \"3m\"\n"), "");
}

TEST(Config, BoundsTheNumberOfMeters) {
    std::string text;
    for (int i = 0; i < 257; ++i) text += "[[meter]]\nname = \"m" + std::to_string(i) + "\"\n";
    EXPECT_EQ(error_of(text), "octroi.toml:513:1: [meter]: more than 256 of them");
}

// toml++ 3.3 aborts on these texts in debug builds, and has undefined behaviour in release builds.
TEST(Config, RefusesCharactersThatTomlplusplusCannotParse) {
    EXPECT_THAT(error_of("[~ledger]\n"), HasSubstr("octroi.toml:1:2: not TOML"));
    EXPECT_THAT(error_of("[ledger]\n\xC3\xBC = 1\n"), HasSubstr("octroi.toml:2:1: not TOML"));
    EXPECT_THAT(error_of("[ledger]\npath = \"\"\"a\\\n  \xC3\xBC\"\"\"\n"),
                HasSubstr("octroi.toml:3:3"));
    EXPECT_THAT(error_of("[ledger] # \xFF\n"), HasSubstr("not TOML"));
}

TEST(Config, AcceptsAnyCharacterInTextsAndComments) {
    for (const char* good :
         {"# \xC3\xBC \" '\n", "\xEF\xBB\xBF[ledger]\npath = \"\xC3\xBC\"\n",
          "[ledger]\npath = '\xC3\xBC\\'\n", "[ledger]\npath = \"\\\"#\xC3\xBC\" # \xC3\xBC\n",
          "[ledger]\npath = '''\n\xC3\xBC'' \\'''\n",
          "[ledger]\npath = \"\"\"\n\xC3\xBC\\\n  a\"\"\"\n"}) {
        EXPECT_EQ(error_of(good), "") << good;
    }
}

TEST(Config, BoundsTheLengthOfTheText) {
    EXPECT_THAT(error_of(std::string((1U << 20U) + 1, '#')), HasSubstr("1048576"));
    EXPECT_EQ(error_of(std::string(1U << 20U, '#')), "");
}

TEST(Config, BoundsTheNumberOfProblems) {
    std::string text = "[ledger]\n";
    for (int i = 0; i < 1000; ++i) text += "k" + std::to_string(i) + " = 1\n";
    const std::string error = error_of(text);
    EXPECT_LT(std::count(error.begin(), error.end(), '\n'), 100);
}

const std::vector old_sections = {Section{.name = "ledger", .help = "h"}};
const std::vector old_options = {
    Option{.section = "ledger",
           .key = "path",
           .type = OptionType::text,
           .default_text = "\"\"",
           .help = "h",
           .assign = [](Config& c, const OptionEntry& e) { c.ledger.path = e.text(); }},
    Option{.section = "ledger",
           .key = "file",
           .type = OptionType::text,
           .default_text = "\"\"",
           .help = "h",
           .renamed_to = "path"},
};

TEST(Config, AcceptsOldNamesWithANotice) {
    const OptionTable table{old_sections, old_options, {}};
    const auto config = parse_config("[ledger]\nfile = \"x\"\n", "octroi.toml", table);
    ASSERT_TRUE(config.has_value()) << config.error().text;
    EXPECT_EQ(config->ledger.path, "x");
    EXPECT_THAT(
        config->notices,
        ElementsAre("octroi.toml:2:1: [ledger] file is called path now; the old name still works"));
    const auto typo = parse_config("[ledger]\nfil = \"x\"\n", "octroi.toml", table);
    ASSERT_FALSE(typo.has_value());
    EXPECT_THAT(typo.error().text,
                ::testing::EndsWith("known are: path"));  // an old name is not advertised
}

}  // namespace
}  // namespace octroi
