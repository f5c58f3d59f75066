// SPDX-License-Identifier: GPL-3.0-or-later
#include "config/parse.hpp"

#include <fmt/format.h>

#include <algorithm>

#include "config/rules.hpp"
#include "config/suggest.hpp"
#include "config/toml_text.hpp"
#include "config/toml_value.hpp"
#include "config/value.hpp"

namespace octroi {
namespace {

// More than a user fixes in one pass.
constexpr std::size_t problems_max = 50;

// Reads one file, and collects all its errors.
class Reader {
public:
    Reader(std::string_view file, const OptionTable& table) : file_(file), table_(table) {}

    Result<Config> read(const toml::table& root) {
        for (const auto& [key, node] : in_source_order(root)) section(*key, *node);
        // Rules between options expect that each value by itself is good.
        if (problems_.empty()) check_rules(config_, table_, problems_);
        if (problems_.empty()) return std::move(config_);
        return std::unexpected(Error{ErrorCode::invalid, problem_text()});
    }

private:
    using Entries = std::vector<std::pair<const toml::key*, const toml::node*>>;

    // toml++ sorts keys by name. In [services] and [categories] the order of the file matters.
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
        config_.elements.push_back({.section = std::string(section->name)});
        options(*section, *table, "");
    }

    void repeated_section(const Section& section, const toml::key& key, const toml::node& node) {
        const toml::array* const array = node.as_array();
        const auto is_table = [](const toml::node& element) { return element.is_table(); };
        if (array == nullptr || !std::all_of(array->begin(), array->end(), is_table)) {
            return problem(key.source(), fmt::format("[{0}] may stand several times; write [[{0}]]",
                                                     section.name));
        }
        if (array->size() > section.rows_max) {
            return problem(
                (*array)[section.rows_max].source(),
                fmt::format("[{}]: more than {} of them", section.name, section.rows_max));
        }
        for (const toml::node& element : *array) {
            section.append(config_, place(element.source()));
            const toml::table& table = *element.as_table();
            config_.elements.push_back({.section = std::string(section.name)});
            if (section.name != meter_section) {
                options(section, table, "");
                continue;
            }
            const std::string_view kind = kind_of(table);
            config_.elements.back().kind = kind;
            MeterConfig& meter = config_.meters.back();
            meter = table_.default_meter(kind);
            meter.where = place(element.source());
            options(section, table, kind);
        }
    }

    // The kind of a meter decides which rows it has, so it is read before the others. A value that
    // is no kind is reported with the row `kind`; the default stands in for it.
    std::string_view kind_of(const toml::table& meter) const {
        const auto text = meter["kind"].value<std::string_view>();
        const MeterOptions* known = text ? table_.find_kind(*text) : nullptr;
        return known != nullptr ? known->kind : table_.default_kind();
    }

    void options(const Section& section, const toml::table& table, std::string_view kind) {
        for (const auto& [key, node] : in_source_order(table)) {
            if (problems_.size() >= problems_max) return;
            option(section, *key, *node, kind);
        }
        for (const Option& row : table_.options) {
            const bool belongs =
                row.section == section.name && (row.kind.empty() || row.kind == kind);
            if (!belongs || !row.required || table.contains(row.key)) continue;
            problem(table.source(), fmt::format("[{}] {} is missing: {} = {}", section.name,
                                                row.key, row.key, row.default_text));
        }
    }

    void option(const Section& section, const toml::key& key, const toml::node& node,
                std::string_view kind) {
        const Option* row = table_.find_option(section.name, key.str(), kind);
        if (row != nullptr && !row->renamed_to.empty()) {
            row = renamed(section, *row, key, kind);
        }
        if (row == nullptr) row = table_.find_option(section.name, any_key);
        if (row == nullptr) return unknown(section, key, kind);
        OptionEntry entry{std::string(key.str()), {}, place(key.source())};
        const Status read = read_entry(*row, node, entry);
        if (read.has_value()) return store(*row, entry);
        problem(node.source(),
                fmt::format("[{}] {}: {}", section.name, key.str(), read.error().text));
    }

    void store(const Option& row, OptionEntry& entry) {
        const std::string key(row.key == any_key ? entry.key : row.key);
        config_.elements.back().values.emplace_back(key, entry.value);
        if (row.kind.empty()) return row.assign(config_, entry);
        config_.meters.back().options.set(row.key, std::move(entry.value));
    }

    // Reads the value and makes all checks of its row.
    static Status read_entry(const Option& row, const toml::node& node, OptionEntry& entry) {
        TRY_ASSIGN(entry.value, read_value(row, node));
        TRY(check_range(row, entry.value));
        return row.check == nullptr ? Status{} : row.check(entry);
    }

    const Option* renamed(const Section& section, const Option& row, const toml::key& key,
                          std::string_view kind) {
        config_.notices.push_back(
            fmt::format("{}: [{}] {} is called {} now; the old name still works",
                        to_string(place(key.source())), section.name, key.str(), row.renamed_to));
        return table_.find_option(section.name, row.renamed_to, kind);
    }

    void unknown(const Section& section, const toml::key& key, std::string_view kind) {
        std::vector<std::string_view> known;
        for (const Option& row : table_.options) {
            if (row.section != section.name || !row.renamed_to.empty()) continue;
            if (row.kind.empty() || row.kind == kind)
                known.push_back(row.key);
            else if (row.key == key.str())
                return of_another_kind(section, row, kind, key);
        }
        problem(key.source(), fmt::format("[{}] {}: unknown option{}", section.name, key.str(),
                                          suggestion(key.str(), known)));
    }

    void of_another_kind(const Section& section, const Option& row, std::string_view kind,
                         const toml::key& key) {
        problem(key.source(),
                fmt::format("[{0}] {1}: an option of kind = \"{2}\", and this meter has kind = "
                            "\"{3}\"; remove the line, or write kind = \"{2}\"",
                            section.name, row.key, row.kind, kind));
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

Result<Config> parse_config(std::string_view text, std::string_view file_name,
                            const OptionTable& table) {
    TRY_ASSIGN(const toml::table root, parse_toml(text, file_name));
    return Reader(file_name, table).read(root);
}

std::optional<std::string> find_config_text(std::string_view text, std::string_view section,
                                            std::string_view key) {
    const auto root = parse_toml(text, "");
    if (!root) return std::nullopt;
    return (*root)[section][key].value<std::string>();
}

}  // namespace octroi
