// SPDX-License-Identifier: GPL-3.0-or-later
#include "config/declaration_text.hpp"

#include <fmt/format.h>

#include <algorithm>

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
    return fail(ErrorCode::invalid, "expected a text, a number, a date or true/false");
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
        const auto text = field_text(value);
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

std::string_view csv_kind(const std::vector<std::string>& header) {
    const auto has = [&](std::string_view name) {
        return std::find(header.begin(), header.end(), name) != header.end();
    };
    if (has("identity")) return "binding";
    if (has("prefix")) return "network";
    return has("name") ? "account" : "";
}

}  // namespace

Result<std::vector<DeclaredRecord>> toml_records(std::string_view text, std::string_view file) {
    TRY_ASSIGN(const toml::table root, parse_toml(text, file));
    std::vector<DeclaredRecord> records;
    for (const auto& [kind, node] : root) {
        const toml::array* array = node.as_array();
        if (array == nullptr || !array->is_homogeneous<toml::table>())
            return problem_at(place(node, file),
                              fmt::format("write {0} as [[{0}]] sections", kind.str()));
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
            header = fields;
            if (csv_kind(header).empty())
                return problem_at(where,
                                  "the header must name the fields: name,parent,title or "
                                  "identity,account,from,until,per_address or prefix,per_address");
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

}  // namespace octroi
