// SPDX-License-Identifier: GPL-3.0-or-later
#include "config/docs.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <nlohmann/json.hpp>

#include "config/value.hpp"

namespace octroi {
namespace {

using Json = nlohmann::ordered_json;

constexpr std::string_view generated = "made from the option table by `octroi docs`; do not edit";

// The rows of a section that this kind of meter has and that not every meter has; with an empty
// kind, those that every element of the section has.
template <typename Visit>
void for_each_option(const OptionTable& table, const Section& section, std::string_view kind,
                     Visit visit) {
    for (const Option& option : table.options) {
        if (option.section == section.name && option.kind == kind) visit(option);
    }
}

bool has_kinds(const OptionTable& table, const Section& section) {
    return section.name == meter_section && !table.kinds.empty();
}

std::string heading(const Section& section) {
    return section.repeated ? fmt::format("[[{}]]", section.name)
                            : fmt::format("[{}]", section.name);
}

// A bar would end the cell of a Markdown table.
std::string cell(std::string_view text) {
    std::string out;
    for (const char c : text) out += c == '|' ? std::string("\\|") : std::string(1, c);
    return out;
}

std::string range_text(const Option& option) {
    if (option.type == OptionType::choice) {
        return fmt::format("`{}`", fmt::join(choices(option), "`, `"));
    }
    const std::size_t dots = option.range.find("..");
    if (dots == std::string_view::npos) return "";
    return fmt::format("{} to {}", option.range.substr(0, dots), option.range.substr(dots + 2));
}

// live: a running daemon applies a change.
std::string markdown_row(const Option& option, bool live) {
    const std::string key = option.key == any_key ? "*any name*" : fmt::format("`{}`", option.key);
    if (!option.renamed_to.empty()) {
        return fmt::format("| {} | | | | old name of `{}` | {} | |\n", key, option.renamed_to,
                           option.since);
    }
    std::string meaning(option.help);
    if (!option.doc.empty()) meaning += fmt::format(" {}", option.doc);
    const std::string default_text =
        option.required ? "required" : fmt::format("`{}`", option.default_text);
    return fmt::format("| {} | {} | {} | {} | {} | {} | {} |\n", key, to_string(option.type),
                       default_text, cell(range_text(option)), cell(meaning), option.since,
                       live ? "live" : "restart needed");
}

Json option_schema(const Option& option) {
    Json schema;
    switch (option.type) {
        case OptionType::boolean:
            schema["type"] = "boolean";
            break;
        case OptionType::integer:
            schema["type"] = "integer";
            break;
        case OptionType::size:
            schema["type"] = {"string", "integer"};
            break;
        case OptionType::duration:
        case OptionType::text:
            schema["type"] = "string";
            break;
        case OptionType::choice:
            schema["enum"] = choices(option);
            break;
        case OptionType::texts:
        case OptionType::prefixes:
            schema["type"] = "array";
            schema["items"] = {{"type", "string"}};
            break;
    }
    schema["description"] = option.help;
    if (option.type == OptionType::integer && !option.range.empty()) {
        const std::size_t dots = option.range.find("..");
        schema["minimum"] = Json::parse(option.range.substr(0, dots));
        schema["maximum"] = Json::parse(option.range.substr(dots + 2));
    }
    // A value of these types looks the same in TOML and in JSON.
    if (option.key != any_key && !option.required)
        schema["default"] = Json::parse(option.default_text);
    if (!option.renamed_to.empty()) schema["deprecated"] = true;
    return schema;
}

void add_to_schema(const Option& option, Json& object) {
    if (option.key == any_key)
        object["additionalProperties"] = option_schema(option);
    else
        object["properties"][std::string(option.key)] = option_schema(option);
    if (option.required) object["required"].push_back(option.key);
}

Json object_schema(const OptionTable& table, const Section& section) {
    Json object = {
        {"type", "object"}, {"additionalProperties", false}, {"properties", Json::object()}};
    for_each_option(table, section, "", [&](const Option& o) { add_to_schema(o, object); });
    return object;
}

// Meters of one kind: the options of every meter, and those of the kind.
Json kind_schema(const OptionTable& table, const Section& section, const MeterOptions& kind) {
    Json object = object_schema(table, section);
    object["description"] = kind.help;
    object["properties"]["kind"] = {{"const", kind.kind}};
    if (!kind.is_default) object["required"].push_back("kind");
    for_each_option(table, section, kind.kind, [&](const Option& o) { add_to_schema(o, object); });
    return object;
}

Json section_schema(const OptionTable& table, const Section& section) {
    if (!section.repeated) {
        Json object = object_schema(table, section);
        object["description"] = section.help;
        return object;
    }
    Json items;
    if (has_kinds(table, section)) {
        for (const MeterOptions& kind : table.kinds)
            items["oneOf"].push_back(kind_schema(table, section, kind));
    } else {
        items = object_schema(table, section);
    }
    return {{"type", "array"}, {"description", section.help}, {"items", items}};
}

constexpr std::string_view table_head =
    "| option | type | default | range | meaning | since | after a change |\n"
    "| --- | --- | --- | --- | --- | --- | --- |\n";

std::string kind_markdown(const OptionTable& table, const Section& section,
                          const MeterOptions& kind) {
    std::string out = fmt::format("\n### `kind = \"{}\"`\n\n{}{}\n\n{}", kind.kind, kind.help,
                                  kind.is_default ? " This is the default kind." : "", table_head);
    if (!kind.doc.empty())
        out.insert(out.size() - table_head.size(), fmt::format("{}\n\n", kind.doc));
    for_each_option(table, section, kind.kind,
                    [&](const Option& option) { out += markdown_row(option, option.reload); });
    return out;
}

// value: in the place of the row's default; empty: the default.
std::string example_option(const Option& option, std::string_view value = "") {
    std::string out = fmt::format("# {}\n", option.help);
    if (!option.range.empty()) out += fmt::format("# {}.\n", range_text(option));
    if (option.required) out += "# Required.\n";
    const std::string_view key = option.key == any_key ? std::string_view("name") : option.key;
    return out + fmt::format("#{} = {}\n", key, value.empty() ? option.default_text : value);
}

// A [[meter]] of each kind, under names that differ: the file is good when all marks are removed.
// Only the first of those that count packets of this machine bills them.
std::string kind_examples(const OptionTable& table, const Section& section) {
    std::string out;
    bool is_billed = false;
    for (const MeterOptions& kind : table.kinds) {
        const bool counts_here = kind.scope != MeterScope::elsewhere;
        const bool is_witness = is_billed && counts_here;
        is_billed = is_billed || counts_here;
        const std::string quoted = fmt::format("\"{}\"", kind.kind);
        out += fmt::format("\n# {}\n#{}\n", kind.help, heading(section));
        const auto add = [&](const Option& option) {
            const bool names_it = option.key == "name" || option.key == "kind";
            if (!option.renamed_to.empty()) return;
            std::string value = names_it && option.kind.empty() ? quoted : "";
            if (option.key == "role" && is_witness) value = "\"witness\"";
            out += "\n" + example_option(option, value);
        };
        for_each_option(table, section, "", add);
        for_each_option(table, section, kind.kind, add);
    }
    return out;
}

}  // namespace

std::string options_markdown(const OptionTable& table) {
    std::string out = fmt::format(
        "<!-- {} -->\n# Options\n\nThe file is TOML: `/etc/octroi/octroi.toml`, or that "
        "of `--config`. All options but those marked *required* have a default. Without a file all "
        "defaults apply.\n"
        "[octroi.example.toml](octroi.example.toml) contains every option with its default. With "
        "[octroi.schema.json](octroi.schema.json) an editor can check the file.\n\n"
        "A duration is a number with `ms`, `s`, `m`, `h` or `d` (`\"1h30m\"`); a size is a "
        "number with `B`, `kB`, `MB`, `GB`, `TB` (by 1000) or `KiB`, `MiB`, `GiB`, `TiB` (by "
        "1024).\n"
        "The last column: *live* means that a running daemon applies a change after `octroi "
        "reload` or SIGHUP. *restart needed* means\n"
        "that the change is applied after a restart; `octroi reload` lists such changes. A "
        "[[meter]] or [[export]] that was added or removed needs a restart too.\n",
        generated);
    for (const Section& section : table.sections) {
        out += fmt::format("\n## `{}`\n\n{}\n\n", heading(section), section.help);
        out += table_head;
        for_each_option(table, section, "", [&](const Option& option) {
            out += markdown_row(option, option.reload || section.reload);
        });
        if (!has_kinds(table, section)) continue;
        for (const MeterOptions& kind : table.kinds) out += kind_markdown(table, section, kind);
    }
    return out;
}

std::string options_schema(const OptionTable& table) {
    Json schema = {{"$schema", "https://json-schema.org/draft/2020-12/schema"},
                   {"$comment", generated},
                   {"title", "octroi.toml"},
                   {"type", "object"},
                   {"additionalProperties", false},
                   {"properties", Json::object()}};
    for (const Section& section : table.sections) {
        schema["properties"][std::string(section.name)] = section_schema(table, section);
    }
    return schema.dump(2) + "\n";
}

std::string options_example(const OptionTable& table) {
    std::string out = fmt::format(
        "# octroi.toml: every option with its default, {}.\n"
        "# Remove the mark from the lines that you want to change; docs/options.md says more.\n",
        generated);
    for (const Section& section : table.sections) {
        if (has_kinds(table, section)) {
            out += fmt::format("\n# {}\n", section.help) + kind_examples(table, section);
            continue;
        }
        out += fmt::format("\n# {}\n#{}\n", section.help, heading(section));
        for_each_option(table, section, "", [&](const Option& option) {
            if (option.renamed_to.empty()) out += "\n" + example_option(option);
        });
    }
    return out;
}

}  // namespace octroi
