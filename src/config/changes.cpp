// SPDX-License-Identifier: GPL-3.0-or-later
#include "config/changes.hpp"

#include <fmt/format.h>
#include <fmt/ranges.h>

#include <algorithm>
#include <array>

#include "config/value.hpp"

namespace octroi {
namespace {

constexpr std::string_view nothing = "absent";

std::string quoted_text(std::string_view text) { return fmt::format("\"{}\"", text); }

template <typename List, typename Text>
std::string list_text(const List& list, Text text) {
    std::vector<std::string> parts;
    for (const auto& each : list) parts.push_back(quoted_text(text(each)));
    return fmt::format("[{}]", fmt::join(parts, ", "));
}

// The largest unit that gives a whole number.
std::string size_text(std::uint64_t octets) {
    constexpr std::array units{"B", "KiB", "MiB", "GiB", "TiB"};
    std::size_t unit = 0;
    for (; unit + 1 < units.size() && octets != 0 && octets % 1024 == 0; ++unit) octets /= 1024;
    return fmt::format("\"{} {}\"", octets, units[unit]);
}

struct TextOf {
    std::string operator()(bool value) const { return value ? "true" : "false"; }
    std::string operator()(std::int64_t value) const { return std::to_string(value); }
    std::string operator()(Duration value) const { return quoted_text(to_string(value)); }
    std::string operator()(Bytes value) const { return size_text(value.value()); }
    std::string operator()(const std::string& value) const { return quoted_text(value); }
    std::string operator()(const std::vector<std::string>& values) const {
        return list_text(values, [](const std::string& value) { return value; });
    }
    std::string operator()(const std::vector<Prefix>& values) const {
        return list_text(values, [](const Prefix& value) { return to_string(value); });
    }
};

const OptionValue* find_value(const ConfigElement& element, std::string_view key) {
    const auto found =
        std::ranges::find_if(element.values, [&](const auto& v) { return v.first == key; });
    return found == element.values.end() ? nullptr : &found->second;
}

// The elements of a section, by the names that tell them apart.
using Elements = std::vector<std::pair<std::string, const ConfigElement*>>;

// The value of the required option names an element: a meter's name, an export's target. Further
// elements of the same name get a number.
std::string name_of(const ConfigElement& element, const Elements& others,
                    const OptionTable& table) {
    std::string name = element.section;
    for (const Option& row : table.options) {
        if (row.section != element.section || !row.required || !row.kind.empty()) continue;
        const OptionValue* value = find_value(element, row.key);
        const auto* text = value == nullptr ? nullptr : std::get_if<std::string>(value);
        if (text != nullptr) name += " " + *text;
    }
    const auto same = std::ranges::count_if(others, [&](const auto& other) {
        return other.first == name || other.first.starts_with(name + " #");
    });
    return same == 0 ? name : fmt::format("{} #{}", name, same + 1);
}

Elements elements_of(const Config& config, const Section& section, const OptionTable& table) {
    Elements elements;
    for (const ConfigElement& element : config.elements)
        if (element.section == section.name)
            elements.emplace_back(name_of(element, elements, table), &element);
    return elements;
}

const ConfigElement* find_element(const Elements& elements, const std::string& name) {
    const auto found =
        std::ranges::find_if(elements, [&](const auto& e) { return e.first == name; });
    return found == elements.end() ? nullptr : found->second;
}

template <typename Pairs>
std::vector<std::string> names_of(const Pairs& pairs) {
    std::vector<std::string> names;
    for (const auto& [name, value] : pairs) names.push_back(name);
    return names;
}

class Comparison {
public:
    explicit Comparison(const OptionTable& table) : table_(table) {}

    void section(const Section& section, const Config& before, const Config& after) {
        live_ = section.reload;
        const Elements old_elements = elements_of(before, section, table_);
        const Elements new_elements = elements_of(after, section, table_);
        if (!section.repeated) {
            static const ConfigElement empty;
            const auto first = [&](const Elements& elements) -> const ConfigElement& {
                return elements.empty() ? empty : *elements.front().second;
            };
            return element(std::string(section.name), section.name, first(old_elements),
                           first(new_elements));
        }
        repeated(std::string(section.name), section.name, old_elements, new_elements);
    }
    std::vector<ConfigChange> changes;

private:
    void add(std::string key, std::string before, std::string after, bool live) {
        changes.push_back({std::move(key), std::move(before), std::move(after), live});
    }

    void repeated(const std::string& key, std::string_view section, const Elements& before,
                  const Elements& after) {
        for (const auto& [name, old_element] : before) {
            const ConfigElement* new_element = find_element(after, name);
            if (new_element == nullptr)
                add(name, "configured", std::string(nothing), live_);
            else
                element(name, section, *old_element, *new_element);
        }
        for (const auto& [name, new_element] : after)
            if (find_element(before, name) == nullptr)
                add(name, std::string(nothing), "configured", live_);
        order(key, names_of(before), names_of(after), live_);
    }

    void element(const std::string& name, std::string_view section, const ConfigElement& before,
                 const ConfigElement& after) {
        if (before.kind != after.kind)
            // Options of two kinds have nothing to do with one another.
            return add(name + ".kind", quoted_text(before.kind), quoted_text(after.kind), false);
        for (const Option& row : table_.options) {
            if (row.section != section || !row.renamed_to.empty()) continue;
            if (!row.kind.empty() && row.kind != after.kind) continue;
            if (row.key == any_key)
                any_keys(name, row, before, after);
            else
                option(name, row, before, after);
        }
    }

    void option(const std::string& name, const Option& row, const ConfigElement& before,
                const ConfigElement& after) {
        // An absent option has its default: writing the default down is no change.
        const auto value_in = [&](const ConfigElement& element) {
            const OptionValue* value = find_value(element, row.key);
            return value != nullptr ? *value : default_value(row);
        };
        const OptionValue old_value = value_in(before);
        const OptionValue new_value = value_in(after);
        if (old_value == new_value) return;
        add(fmt::format("{}.{}", name, row.key), value_text(old_value), value_text(new_value),
            live_ || row.reload);
    }

    // Keys that the user chose: in such a section every line is a row of its own.
    void any_keys(const std::string& name, const Option& row, const ConfigElement& before,
                  const ConfigElement& after) {
        const auto text_of = [](const OptionValue* value) {
            return value == nullptr ? std::string(nothing) : value_text(*value);
        };
        const auto compare = [&](const std::string& key) {
            const OptionValue* old_value = find_value(before, key);
            const OptionValue* new_value = find_value(after, key);
            const bool same = old_value != nullptr && new_value != nullptr
                                  ? *old_value == *new_value
                                  : old_value == new_value;
            if (!same) add(name + "." + key, text_of(old_value), text_of(new_value), row.reload);
        };
        for (const auto& [key, value] : before.values) compare(key);
        for (const auto& [key, value] : after.values)
            if (find_value(before, key) == nullptr) compare(key);
        order(name, names_of(before.values), names_of(after.values), row.reload);
    }

    // Compares the order of the elements that are in both: it decides the service of a port, and
    // the number of a meter in exports.
    void order(const std::string& key, std::vector<std::string> before,
               std::vector<std::string> after, bool live) {
        const auto keep_common = [](std::vector<std::string>& names,
                                    const std::vector<std::string>& others) {
            std::erase_if(names, [&](const std::string& name) {
                return std::ranges::find(others, name) == others.end();
            });
        };
        keep_common(before, after);
        keep_common(after, before);
        if (before == after) return;
        add(key, fmt::format("{}", fmt::join(before, ", ")),
            fmt::format("{}", fmt::join(after, ", ")), live);
    }

    const OptionTable& table_;
    bool live_ = false;  // Section::reload of the section that is compared
};

}  // namespace

std::string value_text(const OptionValue& value) { return std::visit(TextOf(), value); }

std::vector<ConfigChange> config_changes(const Config& before, const Config& after,
                                         const OptionTable& table) {
    Comparison comparison(table);
    for (const Section& section : table.sections) comparison.section(section, before, after);
    return std::move(comparison.changes);
}

}  // namespace octroi
