// SPDX-License-Identifier: GPL-3.0-or-later
// Rules for every row of the option table, and the documentation that is generated from the rows.
#include "config/option.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <fmt/format.h>

#include <memory>
#include <nlohmann/json.hpp>

#include "config/docs.hpp"
#include "config/parse.hpp"
#include "config/testing/row_rules.hpp"
#include "config/testing/sample_kinds.hpp"
#include "support/golden.hpp"

namespace octroi {
namespace {

using octroi::testing::sample_table;
using ::testing::HasSubstr;
using ::testing::Not;

TEST(OptionTable, HasCompleteRows) { octroi::testing::expect_good_table(sample_table()); }

TEST(OptionTable, FindsTheRowsOfTheKind) {
    const OptionTable table = sample_table();
    EXPECT_EQ(table.default_kind(), "sample");
    EXPECT_EQ(table.find_option("meter", "depth", "sample")->range, "64..1024");
    EXPECT_EQ(table.find_option("meter", "depth", "other")->range, "1..9");
    EXPECT_EQ(table.find_option("meter", "depth"), nullptr);
    EXPECT_EQ(table.find_option("meter", "file", "sample"), nullptr);
    EXPECT_NE(table.find_option("meter", "name", "other"), nullptr);
    EXPECT_EQ(table.find_option("meter", "kind")->range, "sample|other");
    EXPECT_EQ(table.find_option("meter", "kind")->default_text, "\"sample\"");
}

// A copy must not refer to texts inside the original.
TEST(OptionTable, ACopyIsIndependentOfTheOriginal) {
    auto table = std::make_unique<OptionTable>(sample_table());
    const OptionTable copy = *table;
    table.reset();
    EXPECT_EQ(copy.find_option("meter", "kind")->range, "sample|other");
}

TEST(OptionTable, GivesAMeterItsDefaults) {
    const MeterConfig meter = sample_table().default_meter("sample");
    EXPECT_EQ(meter.kind, "sample");
    EXPECT_EQ(meter.options.texts("places"), (std::vector<std::string>{"a", "b"}));
    EXPECT_FALSE(meter.options.boolean("loud"));
    EXPECT_EQ(meter.options.integer("depth"), 128);
    EXPECT_EQ(meter.options.size("buffer_size"), Bytes(65536));
    EXPECT_EQ(meter.options.text("order"), "first");
    EXPECT_EQ(meter.options.duration("least"), Duration::seconds(10));
    EXPECT_EQ(meter.options.prefixes("networks").size(), 1U);
}

TEST(OptionValuesDeathTest, AbortOnAnUnknownKey) {
    const MeterConfig meter = sample_table().default_meter("sample");
    EXPECT_DEATH((void)meter.options.text("ordre"), "");
    EXPECT_DEATH((void)meter.options.text("depth"), "");
}

// The table states each default as text, and the struct as a value. Both must be equal.
TEST(OptionTable, StatesTheDefaultsOfTheStruct) {
    const OptionTable table = make_option_table({});
    std::string text;
    for (const Section& section : table.sections) {
        text += section.repeated ? fmt::format("[[{}]]\n", section.name)
                                 : fmt::format("[{}]\n", section.name);
        for (const Option& option : table.options) {
            if (option.section != section.name || option.key == any_key || option.key == "kind")
                continue;
            text += fmt::format("{} = {}\n", option.key, option.default_text);
        }
    }
    const auto config = parse_config(text, "defaults.toml", table);
    ASSERT_TRUE(config.has_value()) << config.error().text;
    Config expected;
    expected.meters.push_back({.name = "uplink"});
    expected.meters[0].where = config->meters.at(0).where;
    expected.exports.push_back({.to = *parse_export_target("udp/192.0.2.1:4739")});
    expected.exports[0].where = config->exports.at(0).where;
    expected.exporters.push_back({.prefixes = {*parse_prefix("192.0.2.1")}});
    expected.exporters[0].where = config->exporters.at(0).where;
    expected.rules.push_back({.rule = {.name = "physics"}});
    expected.rules[0].where = config->rules.at(0).where;
    expected.elements = config->elements;
    EXPECT_EQ(*config, expected);
}

TEST(OptionDocs, NameEveryOption) {
    const OptionTable table = sample_table();
    const std::string markdown = options_markdown(table);
    for (const Option& option : table.options) {
        if (option.key == any_key) continue;
        EXPECT_THAT(markdown, HasSubstr(fmt::format("| `{}` |", option.key)));
    }
}

TEST(OptionDocs, HaveAValidExample) { octroi::testing::expect_good_example(sample_table()); }

// Both kinds have a row `depth`.
TEST(OptionDocs, ShowTheRowsOfEachKindSeparately) {
    const std::string markdown = options_markdown(sample_table());
    const std::size_t sample = markdown.find("### `kind = \"sample\"`");
    const std::size_t other = markdown.find("### `kind = \"other\"`");
    const std::size_t next = markdown.find("## `[[export]]`");
    ASSERT_TRUE(sample < other && other < next);
    EXPECT_THAT(markdown.substr(sample, other - sample), HasSubstr("64 to 1024"));
    EXPECT_THAT(markdown.substr(other, next - other), HasSubstr("1 to 9"));
    EXPECT_THAT(markdown.substr(0, sample), Not(HasSubstr("`depth`")));
}

TEST(OptionDocs, HaveASchemaForEachKind) {
    const auto schema = nlohmann::json::parse(options_schema(sample_table()));
    const auto& kinds = schema.at("properties").at("meter").at("items").at("oneOf");
    ASSERT_EQ(kinds.size(), 2U);
    EXPECT_EQ(kinds[0].at("properties").at("kind").at("const"), "sample");
    EXPECT_EQ(kinds[0].at("properties").at("depth").at("maximum"), 1024);
    EXPECT_EQ(kinds[0].at("required"), nlohmann::json({"name"}));
    EXPECT_EQ(kinds[1].at("properties").at("depth").at("maximum"), 9);
    EXPECT_EQ(kinds[1].at("required"), nlohmann::json({"name", "kind", "file"}));
}

}  // namespace
}  // namespace octroi
