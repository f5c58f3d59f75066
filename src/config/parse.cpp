// SPDX-License-Identifier: GPL-3.0-or-later
#include "config/parse.hpp"

#include <fmt/format.h>

#include <algorithm>

#include "base/narrow.hpp"
#include "config/rules.hpp"
#include "config/suggest.hpp"
#include "config/toml_text.hpp"
#include "config/value.hpp"

namespace octroi {
namespace {

// Enough to mend a file by; a file with more has another problem.
constexpr std::size_t problems_max = 50;

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

// One reading of one file: collects every problem before it answers.
class Reader {
public:
    Reader(std::string_view file, const OptionTable& table) : file_(file), table_(table) {}

    Result<Config> read(const toml::table& root) {
        for (const auto& [key, node] : in_source_order(root)) section(*key, *node);
        // They presume that every value is what its row wants.
        if (problems_.empty()) check_rules(config_, problems_);
        if (problems_.empty()) return std::move(config_);
        return std::unexpected(Error{ErrorCode::invalid, problem_text()});
    }

private:
    using Entries = std::vector<std::pair<const toml::key*, const toml::node*>>;

    // toml++ sorts keys by name; for services and categories the order of the file has a meaning.
    static Entries in_source_order(const toml::table& table) {
        Entries entries;
        for (const auto& [key, node] : table) entries.emplace_back(&key, &node);
        std::ranges::stable_sort(entries, [](const auto& a, const auto& b) {
            const auto& x = a.first->source().begin;
            const auto& y = b.first->source().begin;
            return std::tie(x.line, x.column) < std::tie(y.line, y.column);
        });
        return entries;
    }

    SourceLine place(const toml::source_region& region) const { return source_line(region, file_); }

    void problem(const toml::source_region& region, std::string text) {
        problems_.push_back({place(region), std::move(text)});
    }

    void section(const toml::key& key, const toml::node& node) {
        if (problems_.size() >= problems_max) return;
        const Section* const section = table_.find_section(key.str());
        if (section == nullptr) {
            std::vector<std::string_view> known;
            for (const Section& each : table_.sections) known.push_back(each.name);
            return problem(key.source(), fmt::format("unknown section or option '{}'{}", key.str(),
                                                     suggestion(key.str(), known)));
        }
        if (section->repeated) return repeated_section(*section, key, node);
        const toml::table* const table = node.as_table();
        if (table == nullptr) {
            return problem(
                key.source(),
                fmt::format("[{0}] is a section that stands once; write [{0}]", section->name));
        }
        options(*section, *table);
    }

    void repeated_section(const Section& section, const toml::key& key, const toml::node& node) {
        const toml::array* const array = node.as_array();
        const auto is_table = [](const toml::node& element) { return element.is_table(); };
        if (array == nullptr || !std::all_of(array->begin(), array->end(), is_table)) {
            return problem(key.source(), fmt::format("[{0}] may stand several times; write [[{0}]]",
                                                     section.name));
        }
        for (const toml::node& element : *array) {
            section.append(config_, place(element.source()));
            options(section, *element.as_table());
        }
    }

    void options(const Section& section, const toml::table& table) {
        for (const auto& [key, node] : in_source_order(table)) {
            if (problems_.size() >= problems_max) return;
            option(section, *key, *node);
        }
        for (const Option& row : table_.options) {
            if (row.section != section.name || !row.required || table.contains(row.key)) continue;
            problem(table.source(), fmt::format("[{}] {} is missing: {} = {}", section.name,
                                                row.key, row.key, row.default_text));
        }
    }

    void option(const Section& section, const toml::key& key, const toml::node& node) {
        const Option* row = table_.find_option(section.name, key.str());
        if (row != nullptr && !row->renamed_to.empty()) {
            row = renamed(section, *row, key);
        }
        if (row == nullptr) row = table_.find_option(section.name, any_key);
        if (row == nullptr) return unknown(section, key);
        OptionEntry entry{std::string(key.str()), {}, place(key.source())};
        const Status read = read_entry(*row, node, entry);
        if (read.has_value()) return row->assign(config_, entry);
        problem(node.source(),
                fmt::format("[{}] {}: {}", section.name, key.str(), read.error().text));
    }

    // Reads the value and asks everything that its row wants to know of it.
    static Status read_entry(const Option& row, const toml::node& node, OptionEntry& entry) {
        TRY_ASSIGN(entry.value, read_value(row, node));
        TRY(check_range(row, entry.value));
        return row.check == nullptr ? Status{} : row.check(entry);
    }

    const Option* renamed(const Section& section, const Option& row, const toml::key& key) {
        config_.notices.push_back(
            fmt::format("{}: [{}] {} is called {} now; the old name still works",
                        to_string(place(key.source())), section.name, key.str(), row.renamed_to));
        return table_.find_option(section.name, row.renamed_to);
    }

    void unknown(const Section& section, const toml::key& key) {
        std::vector<std::string_view> known;
        for (const Option& option : table_.options) {
            if (option.section == section.name && option.renamed_to.empty())
                known.push_back(option.key);
        }
        problem(key.source(), fmt::format("[{}] {}: unknown option{}", section.name, key.str(),
                                          suggestion(key.str(), known)));
    }

    std::string problem_text() {
        std::ranges::stable_sort(problems_, {}, &Problem::where);
        std::string text;
        for (const Problem& each : problems_) {
            text +=
                fmt::format("{}{}: {}", text.empty() ? "" : "\n", to_string(each.where), each.text);
        }
        return text;
    }

    std::string_view file_;
    const OptionTable& table_;
    Config config_;
    std::vector<Problem> problems_;
};

}  // namespace

Result<Config> parse_config(std::string_view text, std::string_view file_name) {
    return parse_config(text, file_name, option_table());
}

Result<Config> parse_config(std::string_view text, std::string_view file_name,
                            const OptionTable& table) {
    TRY_ASSIGN(const toml::table root, parse_toml(text, file_name));
    return Reader(file_name, table).read(root);
}

}  // namespace octroi
