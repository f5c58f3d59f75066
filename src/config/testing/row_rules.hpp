// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

// The rules that each row of an option table keeps: for the table of config, and for that of the
// program with its meter kinds.

#include <gtest/gtest.h>

#include <fmt/format.h>

#include "config/docs.hpp"
#include "config/option.hpp"
#include "config/parse.hpp"
#include "config/value.hpp"

namespace octroi::testing {

inline bool has_range(OptionType type) {
    return type == OptionType::integer || type == OptionType::duration || type == OptionType::size;
}

inline void expect_complete_row(const OptionTable& table, const Option& option) {
    SCOPED_TRACE(fmt::format("[{}] {}", option.section, option.key));
    EXPECT_NE(table.find_section(option.section), nullptr);
    EXPECT_FALSE(option.since.empty());
    if (!option.renamed_to.empty()) {
        EXPECT_NE(table.find_option(option.section, option.renamed_to, option.kind), nullptr);
        return;
    }
    EXPECT_FALSE(option.help.empty());
    EXPECT_EQ(option.assign == nullptr, !option.kind.empty());
    EXPECT_FALSE(option.default_text.empty());
    const bool is_choice = option.type == OptionType::choice;
    EXPECT_EQ(is_choice || has_range(option.type), !option.range.empty());
    if (!has_range(option.type)) return;
    const std::size_t dots = option.range.find("..");
    ASSERT_NE(dots, std::string_view::npos) << "an amount without bounds is not bounded";
    EXPECT_TRUE(parse_option_text(option, option.range.substr(0, dots)).has_value());
    EXPECT_TRUE(parse_option_text(option, option.range.substr(dots + 2)).has_value());
}

inline void expect_good_table(const OptionTable& table) {
    for (const Option& option : table.options) expect_complete_row(table, option);
    for (const MeterOptions& kind : table.kinds) {
        SCOPED_TRACE(kind.kind);
        EXPECT_FALSE(kind.help.empty());
    }
}

// The example says that its marks can be removed. Then it is a good file, with every default.
inline void expect_good_example(const OptionTable& table) {
    std::string text;
    const std::string example = options_example(table);
    for (std::size_t at = 0; at < example.size();) {
        const std::size_t end = example.find('\n', at);
        std::string line = example.substr(at, end - at + 1);
        if (line.size() > 1 && line[0] == '#' && line[1] != ' ') line.erase(0, 1);
        text += line;
        at = end + 1;
    }
    const auto config = parse_config(text, "octroi.example.toml", table);
    ASSERT_TRUE(config.has_value()) << config.error().text << "\n" << text;
    EXPECT_EQ(config->ledger, LedgerConfig{});
    ASSERT_EQ(config->meters.size(), table.kinds.size());
    for (std::size_t i = 0; i < table.kinds.size(); ++i) {
        EXPECT_EQ(config->meters[i].kind, table.kinds[i].kind);
        EXPECT_EQ(config->meters[i].options, table.defaults[i]);
    }
}

}  // namespace octroi::testing
