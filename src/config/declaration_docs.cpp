// SPDX-License-Identifier: GPL-3.0-or-later
#include "config/declaration_docs.hpp"

#include <fmt/format.h>

#include <algorithm>

#include "config/declaration_fields.hpp"

namespace octroi {
namespace {

bool is_bare(const DeclaredField& field) {
    return field.type == "true or false" || field.type == "time";
}

std::string without_ticks(std::string_view text) {
    std::string out;
    for (const char c : text)
        if (c != '`') out += c;
    return out;
}

// A comment of lines that fit a terminal.
std::string comment(std::string_view text) {
    constexpr std::size_t width = 96;
    std::string out;
    std::string line = "#";
    for (std::string_view rest = text; !rest.empty();) {
        const std::string_view word = rest.substr(0, rest.find(' '));
        rest.remove_prefix(std::min(rest.size(), word.size() + 1));
        if (line.size() + 1 + word.size() > width) {
            out += line + "\n";
            line = "#";
        }
        line += fmt::format(" {}", word);
    }
    return out + line + "\n";
}

std::string csv_header(const DeclaredTable& table) {
    std::string header;
    for (const DeclaredField& field : table.fields)
        header += fmt::format("{}{}", header.empty() ? "" : ",", field.name);
    return header;
}

std::string csv_line(const DeclaredTable& table) {
    std::string line;
    for (const DeclaredField& field : table.fields)
        line += fmt::format("{}{}", &field == table.fields.data() ? "" : ",", field.example);
    return line;
}

std::string section(const DeclaredTable& table) {
    std::string out = comment(table.help) + fmt::format("[[{}]]\n", table.name);
    for (const DeclaredField& field : table.fields) {
        out += comment(without_ticks(field.help));
        const std::string value =
            is_bare(field) ? std::string(field.example) : fmt::format("\"{}\"", field.example);
        if (field.example.empty())
            out += fmt::format("# {} = {}\n", field.name,
                               is_bare(field) ? "2027-01-01T00:00:00Z" : "\"\"");
        else
            out += fmt::format("{} = {}\n", field.name, value);
    }
    return out + "\n";
}

std::string field_rows(const DeclaredTable& table) {
    std::string out = "| column | value | meaning |\n| --- | --- | --- |\n";
    for (const DeclaredField& field : table.fields)
        out += fmt::format("| `{}` | {}{} | {} |\n", field.name, field.type,
                           field.required ? ", required" : "", field.help);
    return out;
}

}  // namespace

std::string declaration_example() {
    std::string out =
        "# octroi apply FILE: accounts, bindings and networks. docs/apply.md describes the "
        "format.\n\n"
        "[[account]]\nname = \"science\"\ntitle = \"Faculty of Science\"\n\n";
    for (const DeclaredTable& table : declared_tables()) out += section(table);
    out.pop_back();
    return out;
}

std::string declaration_markdown() {
    std::string out =
        "# The files of `octroi apply`\n\nGenerated from the table of columns; do not edit.\n\n"
        "`octroi apply FILE …` creates and changes accounts, bindings and networks as the files "
        "declare them. All files together are one\nchange: it is made as a whole or not at all. "
        "What the ledger has already stays. With `--prune` bindings and networks that no file\n"
        "declares are ended or removed; bindings that have not begun are removed. Accounts stay, "
        "because the ledger has their traffic.\n`--dry-run` prints the changes only. `octroi apply "
        "--example` prints a file to begin with.\n\n"
        "A file is TOML or CSV. The name `-` is standard input. A file is CSV if its name ends in "
        "`.csv`; standard input, and files with\nother names than `.toml`, are CSV if their first "
        "line is a CSV header.\n\n"
        "- TOML: a section `[[account]]`, `[[binding]]` or `[[network]]` for each row, with the "
        "columns below as keys. Times may be TOML\n  times or texts.\n"
        "- CSV (RFC 4180, UTF-8, commas): the first line names the columns, in any order. The "
        "columns decide what the file declares:\n  `identity` bindings, `prefix` networks, `name` "
        "accounts. Fields with commas stand in double quotes. Lines that begin with `#`, and\n  "
        "empty lines, are left out. An empty field states nothing, except an empty `parent`: the "
        "account is at the top.\n\n";
    for (const DeclaredTable& table : declared_tables())
        out += fmt::format("## `[[{}]]`\n\n{}\n\n{}\nAs CSV:\n\n```\n{}\n{}\n```\n\n", table.name,
                           table.help, field_rows(table), csv_header(table), csv_line(table));
    out += fmt::format("## Example\n\n```toml\n{}```\n", declaration_example());
    return out;
}

}  // namespace octroi
