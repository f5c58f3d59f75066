// SPDX-License-Identifier: GPL-3.0-or-later
// What every row of the option table must keep, and that documentation says the same as the code.
#include "config/option.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <fmt/format.h>

#include "config/docs.hpp"
#include "config/parse.hpp"
#include "config/value.hpp"
#include "support/golden.hpp"

namespace octroi {
namespace {

bool has_range(OptionType type) {
    return type == OptionType::integer || type == OptionType::duration || type == OptionType::size;
}

TEST(OptionTable, HasCompleteRows) {
    for (const Option& option : option_table().options) {
        SCOPED_TRACE(fmt::format("[{}] {}", option.section, option.key));
        EXPECT_NE(option_table().find_section(option.section), nullptr);
        EXPECT_FALSE(option.help.empty());
        EXPECT_FALSE(option.since.empty());
        if (!option.renamed_to.empty()) {
            EXPECT_NE(option_table().find_option(option.section, option.renamed_to), nullptr);
            continue;
        }
        EXPECT_NE(option.assign, nullptr);
        EXPECT_FALSE(option.default_text.empty());
        EXPECT_EQ(option.type == OptionType::choice,
                  option.range.find('|') != std::string_view::npos ||
                      (!option.range.empty() && !has_range(option.type)));
    }
}

TEST(OptionTable, HasReadableRanges) {
    for (const Option& option : option_table().options) {
        if (!has_range(option.type)) continue;
        SCOPED_TRACE(fmt::format("[{}] {} {}", option.section, option.key, option.range));
        const std::size_t dots = option.range.find("..");
        ASSERT_NE(dots, std::string_view::npos) << "an amount without bounds is not bounded";
        EXPECT_TRUE(parse_option_text(option, option.range.substr(0, dots)).has_value());
        EXPECT_TRUE(parse_option_text(option, option.range.substr(dots + 2)).has_value());
    }
}

// The default stands in the table, for people, and in the struct, for programs.
TEST(OptionTable, SaysTheDefaultsOfTheStruct) {
    std::string text;
    for (const Section& section : option_table().sections) {
        text += section.repeated ? fmt::format("[[{}]]\n", section.name)
                                 : fmt::format("[{}]\n", section.name);
        for (const Option& option : option_table().options) {
            if (option.section != section.name || option.key == any_key) continue;
            text += fmt::format("{} = {}\n", option.key, option.default_text);
        }
    }
    const auto config = parse_config(text, "standard.toml");
    ASSERT_TRUE(config.has_value()) << config.error().text;
    Config expected;
    expected.meters.push_back({.name = "uplink"});
    expected.meters[0].where = config->meters.at(0).where;
    expected.exports.push_back({.to = *parse_export_target("udp/192.0.2.1:4739")});
    expected.exports[0].where = config->exports.at(0).where;
    EXPECT_EQ(*config, expected);
}

TEST(OptionDocs, AreThoseInTheTree) {
    support::expect_file("docs/options.md", options_markdown(option_table()));
    support::expect_file("docs/octroi.schema.json", options_schema(option_table()));
    support::expect_file("docs/octroi.example.toml", options_example(option_table()));
}

TEST(OptionDocs, NameEveryOption) {
    const std::string markdown = options_markdown(option_table());
    for (const Option& option : option_table().options) {
        if (option.key == any_key) continue;
        EXPECT_THAT(markdown, testing::HasSubstr(fmt::format("| `{}` |", option.key)));
    }
}

// The example says of itself that marks can be taken off: then it must be good.
TEST(OptionDocs, HaveAnExampleThatWorks) {
    std::string text;
    const std::string example = options_example(option_table());
    for (std::size_t at = 0; at < example.size();) {
        const std::size_t end = example.find('\n', at);
        std::string line = example.substr(at, end - at + 1);
        if (line.size() > 1 && line[0] == '#' && line[1] != ' ') line.erase(0, 1);
        text += line;
        at = end + 1;
    }
    const auto config = parse_config(text, "octroi.example.toml");
    ASSERT_TRUE(config.has_value()) << config.error().text << "\n" << text;
    EXPECT_EQ(config->ledger, LedgerConfig{});
}

}  // namespace
}  // namespace octroi
