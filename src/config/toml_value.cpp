// SPDX-License-Identifier: GPL-3.0-or-later
#include "config/toml_value.hpp"

#include <fmt/format.h>

#include "base/check.hpp"
#include "base/narrow.hpp"
#include "config/value.hpp"

namespace octroi {
namespace {

std::string_view found_type(const toml::node& node) {
    switch (node.type()) {
        case toml::node_type::table:
            return "a table";
        case toml::node_type::array:
            return "a list";
        case toml::node_type::string:
            return "a text";
        case toml::node_type::integer:
            return "an integer";
        case toml::node_type::floating_point:
            return "a number with a fraction";
        case toml::node_type::boolean:
            return "true or false";
        default:
            return "a date or time";
    }
}

std::string_view expected_form(OptionType type) {
    switch (type) {
        case OptionType::boolean:
            return "true or false";
        case OptionType::integer:
            return "an integer";
        case OptionType::duration:
            return "a duration with its unit, in quotes: \"10s\", \"5m\"";
        case OptionType::size:
            return "a size with its unit, in quotes: \"64 MiB\"";
        case OptionType::text:
            return "a text in quotes";
        case OptionType::choice:
            return "one word in quotes";
        case OptionType::texts:
            return "a list of texts: [\"a\", \"b\"]";
        case OptionType::prefixes:
            return "a list of prefixes: [\"192.0.2.0/24\"]";
    }
    return "";
}

Error wrong_form(const Option& option, const toml::node& node) {
    return {ErrorCode::invalid,
            fmt::format("expected {}, found {}", expected_form(option.type), found_type(node))};
}

Result<OptionValue> read_list(const Option& option, const toml::node& node) {
    if (const auto* one = node.as_string(); one != nullptr && option.type == OptionType::prefixes) {
        TRY_ASSIGN(Prefix prefix, parse_prefix(one->get()));
        return OptionValue(std::vector{prefix});
    }
    // Most lists of a rule have one element.
    if (const auto* one = node.as_string(); one != nullptr && option.section == "rule")
        return OptionValue(std::vector{std::string(one->get())});
    const toml::array* const array = node.as_array();
    if (array == nullptr) return std::unexpected(wrong_form(option, node));
    std::vector<std::string> texts;
    std::vector<Prefix> prefixes;
    for (const toml::node& element : *array) {
        const auto text = element.value<std::string_view>();
        if (!element.is_string() || !text.has_value())
            return std::unexpected(wrong_form(option, element));
        texts.emplace_back(*text);
        if (option.type != OptionType::prefixes) continue;
        TRY_ASSIGN(prefixes.emplace_back(), parse_prefix(*text));
    }
    if (option.type == OptionType::prefixes) return OptionValue(std::move(prefixes));
    return OptionValue(std::move(texts));
}

}  // namespace

Result<OptionValue> read_value(const Option& option, const toml::node& node) {
    switch (option.type) {
        case OptionType::boolean:
            if (const auto* value = node.as_boolean()) return OptionValue(value->get());
            break;
        case OptionType::integer:
            if (const auto* value = node.as_integer()) return OptionValue(value->get());
            break;
        case OptionType::size:
            if (const auto* value = node.as_integer(); value != nullptr && value->get() >= 0) {
                return OptionValue(Bytes(narrow<std::uint64_t>(value->get())));
            }
            [[fallthrough]];
        case OptionType::duration:
        case OptionType::text:
        case OptionType::choice:
            if (const auto* value = node.as_string())
                return parse_option_text(option, value->get());
            break;
        case OptionType::texts:
        case OptionType::prefixes:
            return read_list(option, node);
    }
    return std::unexpected(wrong_form(option, node));
}

OptionValue default_value(const Option& option) {
    // Defaults are TOML texts: the documentation prints the text that is parsed here.
    const auto table = parse_toml(fmt::format("default = {}", option.default_text), "");
    CHECK(table.has_value());
    auto value = read_value(option, *table->get("default"));
    CHECK(value.has_value());
    return *std::move(value);
}

OptionValues default_values(std::span<const Option> options) {
    OptionValues values;
    for (const Option& option : options) {
        if (option.renamed_to.empty()) values.set(option.key, default_value(option));
    }
    return values;
}

}  // namespace octroi
