// SPDX-License-Identifier: GPL-3.0-or-later
#include "config/declaration_text.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <cctype>

#include "config/declaration_fields.hpp"
#include "config/suggest.hpp"
#include "config/toml_text.hpp"

namespace octroi {
namespace {

// The text that a TOML value would have in CSV.
Result<std::string> field_text(const toml::node& node) {
    if (const auto* text = node.as_string()) return text->get();
    if (const auto* flag = node.as_boolean()) return std::string(flag->get() ? "true" : "false");
    if (const auto* number = node.as_integer()) return fmt::format("{}", number->get());
    const auto two = [](auto n) { return fmt::format("{:02}", static_cast<int>(n)); };
    const auto date = [&](const toml::date& d) {
        return fmt::format("{:04}-{}-{}", d.year, two(d.month), two(d.day));
    };
    if (const auto* day = node.as_date()) return date(day->get());
    if (const auto* moment = node.as_date_time()) {
        const toml::date_time& m = moment->get();
        std::string text = fmt::format("{}T{}:{}:{}", date(m.date), two(m.time.hour),
                                       two(m.time.minute), two(m.time.second));
        if (m.time.nanosecond != 0) text += fmt::format(".{:09}", m.time.nanosecond);
        // Without an offset it is UTC, as in parse_rfc3339().
        const int offset = m.offset ? m.offset->minutes : 0;
        return text + fmt::format("{}{:02}:{:02}", offset < 0 ? '-' : '+', std::abs(offset) / 60,
                                  std::abs(offset) % 60);
    }
    return fail(ErrorCode::invalid,
                "expected a text, a list of texts, a number, a date or true/false");
}

// As field_text(); a list of texts as CSV has it, with ';' between them.
Result<std::string> texts_of(const toml::node& node) {
    const toml::array* list = node.as_array();
    if (list == nullptr || list->empty() || !list->is_homogeneous<std::string>())
        return field_text(node);
    std::string text;
    for (const toml::node& item : *list)
        text += (text.empty() ? "" : "; ") + item.as_string()->get();
    return text;
}

SourceLine place(const toml::node& node, std::string_view file) {
    return source_line(node.source(), file);
}

std::unexpected<Error> problem_at(const SourceLine& where, std::string_view text) {
    return fail(ErrorCode::invalid, fmt::format("{}:{}: {}", where.file, where.line, text));
}

Result<DeclaredRecord> toml_record(std::string_view kind, const toml::table& table,
                                   std::string_view file) {
    DeclaredRecord record{std::string(kind), {}, place(table, file)};
    for (const auto& [key, value] : table) {
        const auto text = texts_of(value);
        if (!text)
            return problem_at(place(value, file),
                              fmt::format("{}: {}", key.str(), text.error().text));
        record.fields.emplace_back(key.str(), *text);
    }
    return record;
}

// Parses one CSV line at the front of `rest` (a quoted field may hold line ends) and removes it.
// False: a quoted field does not end.
bool parse_csv_line(std::string_view& rest, std::vector<std::string>& fields, std::uint32_t& line) {
    fields.assign(1, {});
    bool quoted = false;
    while (!rest.empty()) {
        const char c = rest.front();
        rest.remove_prefix(1);
        if (c == '\n') ++line;
        if (quoted) {
            if (c != '"') {
                fields.back() += c;
            } else if (!rest.empty() && rest.front() == '"') {
                fields.back() += '"';
                rest.remove_prefix(1);
            } else {
                quoted = false;
            }
        } else if (c == '"' && fields.back().empty()) {
            quoted = true;
        } else if (c == ',') {
            fields.emplace_back();
        } else if (c == '\n') {
            return true;
        } else if (c != '\r') {
            fields.back() += c;
        }
    }
    return !quoted;
}

// "name" of " Name ".
std::string folded(std::string_view text) {
    while (!text.empty() && (text.front() == ' ' || text.front() == '\t')) text.remove_prefix(1);
    while (!text.empty() && (text.back() == ' ' || text.back() == '\t')) text.remove_suffix(1);
    std::string out(text);
    for (char& c : out) c = static_cast<char>(std::tolower(static_cast<unsigned char>(c)));
    return out;
}

std::string_view csv_kind(const std::vector<std::string>& header) {
    const auto has = [&](std::string_view name) {
        return std::find(header.begin(), header.end(), name) != header.end();
    };
    if (has("identity")) return "binding";
    if (has("prefix")) return "network";
    return has("name") ? "account" : "";
}

std::unexpected<Error> no_csv_header(const SourceLine& where, std::string_view first) {
    const bool has_other_separator = first.find_first_of(";\t") != std::string_view::npos;
    return problem_at(where,
                      fmt::format("{}; next: the first line names the columns: "
                                  "name,parent,title,email,bindings or "
                                  "identity,account,from,until,per_address or prefix,per_address",
                                  has_other_separator ? "the columns are not separated by commas"
                                                      : "this is no header of a CSV file"));
}

// What a key of the file may have been meant for: [account.x], [accounts.x], [[accounts]],
// [account]. Empty: nothing that is known.
std::string_view meant_table(std::string_view key) {
    std::string_view nearest;
    std::size_t least = 3;  // two letters may be wrong: accounts, acount, bindngs
    for (const DeclaredTable& table : declared_tables()) {
        const std::size_t distance = edit_distance(key, table.name);
        if (distance >= least) continue;
        least = distance;
        nearest = table.name;
    }
    return nearest;
}

// The advice for a key at the top of the file that is no list of sections.
std::string advice_for(std::string_view key, const toml::node& node) {
    const std::string_view table = meant_table(key);
    if (table.empty())
        return fmt::format(
            "unknown section {}; known are: [[account]], [[binding]], [[network]] "
            "(`octroi apply --example` prints a file)",
            key);
    const DeclaredField& first = find_declared_table(table)->fields.front();
    std::string name = std::string(first.example);
    // [accounts.physics]: the name in the header belongs into a column.
    if (const toml::table* sections = node.as_table())
        for (const auto& [inner, value] : *sections)
            if (value.is_table()) {
                name = std::string(inner.str());
                break;
            }
    return fmt::format("write a section [[{}]] with {} = \"{}\" for each {}", table, first.name,
                       name, table);
}

}  // namespace

Result<std::vector<DeclaredRecord>> toml_records(std::string_view text, std::string_view file) {
    TRY_ASSIGN(const toml::table root, parse_toml(text, file));
    std::vector<DeclaredRecord> records;
    for (const auto& [kind, node] : root) {
        const toml::array* array = node.as_array();
        if (array == nullptr || !array->is_homogeneous<toml::table>())
            return problem_at(place(node, file), advice_for(kind.str(), node));
        for (const toml::node& element : *array) {
            TRY_ASSIGN(records.emplace_back(), toml_record(kind.str(), *element.as_table(), file));
        }
    }
    // toml++ sorts the sections by name; problems are reported in the order of the file.
    std::stable_sort(records.begin(), records.end(),
                     [](const auto& a, const auto& b) { return a.where.line < b.where.line; });
    return records;
}

Result<std::vector<DeclaredRecord>> csv_records(std::string_view text, std::string_view file) {
    // Spreadsheet programs begin a CSV file with a byte order mark.
    if (text.starts_with("\xEF\xBB\xBF")) text.remove_prefix(3);
    std::vector<DeclaredRecord> records;
    std::vector<std::string> header;
    std::vector<std::string> fields;
    std::uint32_t line = 1;
    while (!text.empty()) {
        const SourceLine where{std::string(file), line, 1};
        if (!parse_csv_line(text, fields, line))
            return problem_at(where, "a quoted field does not end");
        const bool empty = fields.size() == 1 && fields.front().empty();
        if (empty || fields.front().starts_with('#')) continue;
        if (header.empty()) {
            for (const std::string& field : fields) header.push_back(folded(field));
            if (csv_kind(header).empty()) return no_csv_header(where, fields.front());
            continue;
        }
        if (fields.size() > header.size())
            return problem_at(where, fmt::format("{} fields, but the header names {}",
                                                 fields.size(), header.size()));
        DeclaredRecord record{std::string(csv_kind(header)), {}, where};
        for (std::size_t i = 0; i < fields.size(); ++i)
            record.fields.emplace_back(header[i], fields[i]);
        records.push_back(std::move(record));
    }
    return records;
}

bool looks_like_csv(std::string_view text, std::string_view file) {
    if (file.ends_with(".csv")) return true;
    if (file.ends_with(".toml")) return false;
    if (text.starts_with("\xEF\xBB\xBF")) text.remove_prefix(3);
    // The first line that is neither empty nor a comment: a CSV header names columns and has no
    // sign of TOML.
    while (!text.empty()) {
        std::string_view line = text.substr(0, text.find('\n'));
        text.remove_prefix(std::min(text.size(), line.size() + 1));
        if (line.find_first_not_of(" \t\r") == std::string_view::npos || line.front() == '#')
            continue;
        return line.find_first_of("[=") == std::string_view::npos;
    }
    return false;
}

}  // namespace octroi
