// SPDX-License-Identifier: GPL-3.0-or-later
#include "wire/log/sql_dump.hpp"

#include <algorithm>
#include <array>
#include <cctype>
#include <deque>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "base/address.hpp"
#include "base/byte_cursor.hpp"
#include "wire/log/fields.hpp"

namespace octroi::logline {
namespace {

constexpr std::size_t name_octets_max = 128;

// A name, in quotes of either dialect or in none. Behind a schema it is the last part.
std::string_view read_sql_name(std::string_view& rest) {
    for (;;) {
        std::string_view name;
        if (!rest.empty() && (rest.front() == '`' || rest.front() == '"')) {
            const char quote = rest.front();
            rest.remove_prefix(1);
            name = next_field(rest, quote);
        } else {
            std::size_t end = 0;
            while (end < rest.size() &&
                   (std::isalnum(static_cast<unsigned char>(rest[end])) != 0 || rest[end] == '_'))
                ++end;
            name = rest.substr(0, end);
            rest.remove_prefix(end);
        }
        if (!skip_text(rest, ".")) return name;
    }
}

// A line of "CREATE TABLE" that names no column.
bool is_key(std::string_view name) {
    constexpr std::array<std::string_view, 8> words{"PRIMARY", "KEY",   "UNIQUE", "CONSTRAINT",
                                                    "FOREIGN", "INDEX", "CHECK",  "FULLTEXT"};
    return std::ranges::find(words, name) != words.end();
}

std::optional<Address> address_of_octets(std::string_view digits) {
    std::array<std::uint8_t, 16> octets{};
    if (digits.size() != 8 && digits.size() != 32) return std::nullopt;
    for (std::size_t i = 0; i < digits.size(); ++i) {
        const char c = digits[i];
        if (std::isxdigit(static_cast<unsigned char>(c)) == 0) return std::nullopt;
        const int digit = c <= '9' ? c - '0' : (c | 0x20) - 'a' + 10;
        octets.at(i / 2) = static_cast<std::uint8_t>(octets.at(i / 2) * 16 + digit);
    }
    const auto v4_of = [&](std::size_t at) {
        return Address::v4(std::uint32_t{octets.at(at)} << 24U |
                           std::uint32_t{octets.at(at + 1)} << 16U |
                           std::uint32_t{octets.at(at + 2)} << 8U | octets.at(at + 3));
    };
    if (digits.size() == 8) return v4_of(0);
    // ::ffff:0:0/96, or IPv4 in the first octets with zeros behind it.
    const bool is_mapped = digits.starts_with("00000000000000000000ffff") ||
                           digits.starts_with("00000000000000000000FFFF");
    if (is_mapped) return v4_of(12);
    if (digits.substr(8).find_first_not_of('0') == std::string_view::npos) return v4_of(0);
    Address address;
    address.family = Family::v6;
    address.octets = octets;
    return address;
}

// The text of an address that is a number or octets; any other text as it is.
std::string address_text(std::string_view text) {
    std::string_view digits = text;
    if (skip_text(digits, "0x") || skip_text(digits, "\\x"))
        if (const auto address = address_of_octets(digits)) return to_string(*address);
    std::uint64_t number = 0;
    if (parse_number(text, number) && number <= UINT32_MAX)
        return to_string(Address::v4(static_cast<std::uint32_t>(number)));
    return std::string(text);
}

class SqlDumpReader final : public LineReader {
public:
    explicit SqlDumpReader(FieldMap map) : map_(std::move(map)) {}

    LineResult read(std::string_view line, Entry& entry) override {
        entry = {};
        if (line.size() > line_octets_max) return LineResult::bad(BadReason::too_long);
        std::string_view rest = without_end(line);
        if (is_within_table_) return read_column(rest);
        if (skip_text(rest, "CREATE TABLE ")) return begin_table(rest);
        if (!skip_text(rest, "INSERT INTO ")) return LineResult::other();
        return read_row(rest, entry);
    }

    // u8 within a table, u16 n, n x (text table, u16 m, m x text column).
    [[nodiscard]] std::string save() const override {
        if (tables_.empty()) return {};
        ByteWriter out;
        out.u8(is_within_table_ ? 1 : 0);
        out.be16(static_cast<std::uint16_t>(tables_.size()));
        for (const Table& table : tables_) {
            out.text(table.name);
            out.be16(static_cast<std::uint16_t>(table.columns.size()));
            for (const std::string& column : table.columns) out.text(column);
        }
        return out.drain();
    }
    [[nodiscard]] Status restore(std::string_view state) override {
        tables_.clear();
        is_within_table_ = false;
        if (state.empty()) return {};
        ByteCursor in(as_octets(state));
        std::uint8_t within = 0;
        std::uint16_t count = 0;
        bool is_good = in.u8(within) && in.be16(count) && count <= sql_tables_max;
        for (std::uint16_t i = 0; is_good && i < count; ++i) is_good = restore_table(in);
        if (is_good && in.left() == 0) {
            is_within_table_ = within != 0;
            return {};
        }
        tables_.clear();
        return fail(ErrorCode::corrupt, "saved columns of a dump are damaged");
    }

private:
    struct Table {
        std::string name;
        std::vector<std::string> columns;
    };

    bool restore_table(ByteCursor& in) {
        Table& table = tables_.emplace_back();
        std::uint16_t count = 0;
        if (!in.text(table.name) || !in.be16(count) || count > sql_columns_max) return false;
        for (std::uint16_t i = 0; i < count; ++i)
            if (!in.text(table.columns.emplace_back())) return false;
        return true;
    }

    LineResult begin_table(std::string_view rest) {
        (void)skip_text(rest, "IF NOT EXISTS ");
        std::string name(read_sql_name(rest).substr(0, name_octets_max));
        std::erase_if(tables_, [&](const Table& table) { return table.name == name; });
        if (tables_.size() == sql_tables_max) tables_.pop_front();
        tables_.push_back({std::move(name), {}});
        is_within_table_ = !rest.contains(';');
        return LineResult::other();
    }

    LineResult read_column(std::string_view rest) {
        skip_blanks(rest);
        if (rest.starts_with(')')) {
            is_within_table_ = false;
            return LineResult::other();
        }
        const bool is_quoted = rest.starts_with('`') || rest.starts_with('"');
        const std::string_view name = read_sql_name(rest).substr(0, name_octets_max);
        auto& columns = tables_.back().columns;
        if (!name.empty() && (is_quoted || !is_key(name)) && columns.size() < sql_columns_max)
            columns.emplace_back(name);
        return LineResult::other();
    }

    LineResult read_row(std::string_view rest, Entry& entry) {
        const std::string_view table = read_sql_name(rest);
        skip_blanks(rest);
        if (!find_columns(table, rest)) return LineResult::bad(BadReason::unknown_fields);
        if (!has_volume()) return LineResult::other();
        skip_blanks(rest);
        if (!skip_text(rest, "VALUES (") || !read_values(rest))
            return LineResult::bad(BadReason::shape);
        if (values_.size() != columns_.size()) return LineResult::bad(BadReason::shape);
        for (const MappedField& wanted : map_.fields) {
            if (has_field(wanted.field, entry)) continue;
            const auto column = std::ranges::find(columns_, wanted.source);
            if (column == columns_.end()) continue;
            std::string& value = values_[static_cast<std::size_t>(column - columns_.begin())];
            if (wanted.field == EntryField::client || wanted.field == EntryField::server)
                value = address_text(value);
            const BadReason reason = set_field(wanted.field, value, entry);
            if (reason != BadReason::none) return LineResult::bad(reason);
        }
        return finish_mapped(map_, true, entry);
    }

    // Those of the line, else those of the table.
    bool find_columns(std::string_view table, std::string_view& rest) {
        columns_.clear();
        if (!skip_text(rest, "(")) {
            const auto known = std::ranges::find(tables_, table, &Table::name);
            if (known == tables_.end()) return false;
            columns_ = known->columns;
            return true;
        }
        while (columns_.size() < sql_columns_max) {
            skip_blanks(rest);
            columns_.emplace_back(read_sql_name(rest));
            skip_blanks(rest);
            if (skip_text(rest, ")")) return true;
            if (!skip_text(rest, ",")) return false;
        }
        return false;
    }

    [[nodiscard]] bool has_volume() const {
        return std::ranges::any_of(map_.fields, [&](const MappedField& each) {
            const bool is_volume = each.field == EntryField::in || each.field == EntryField::out ||
                                   each.field == EntryField::both;
            return is_volume && std::ranges::find(columns_, each.source) != columns_.end();
        });
    }

    // Up to the end of the statement. NULL is an empty text.
    bool read_values(std::string_view& rest) {
        values_.clear();
        while (values_.size() < sql_columns_max) {
            skip_blanks(rest);
            std::string& value = values_.emplace_back();
            (void)(skip_text(rest, "_binary ") || skip_text(rest, "E"));
            if (skip_text(rest, "'")) {
                if (!read_quoted(rest, value)) return false;
            } else {
                const std::string_view word = rest.substr(0, rest.find_first_of(",)"));
                rest.remove_prefix(word.size());
                if (word != "NULL") value = word;
            }
            skip_blanks(rest);
            if (skip_text(rest, ")")) return rest == ";" || rest.empty();
            if (!skip_text(rest, ",")) return false;
        }
        return false;
    }

    // A quote within is doubled or has a backslash. Of other escapes the backslash stays.
    static bool read_quoted(std::string_view& rest, std::string& value) {
        while (!rest.empty()) {
            const char c = rest.front();
            rest.remove_prefix(1);
            if (c == '\\' && !rest.empty() && (rest.front() == '\'' || rest.front() == '\\')) {
                value += rest.front();
                rest.remove_prefix(1);
            } else if (c != '\'') {
                value += c;
            } else if (!skip_text(rest, "'")) {
                return true;
            } else {
                value += '\'';
            }
        }
        return false;
    }

    FieldMap map_;
    std::deque<Table> tables_;  // the last one named last
    bool is_within_table_ = false;
    std::vector<std::string> columns_;  // of the row
    std::vector<std::string> values_;
};

}  // namespace

std::unique_ptr<LineReader> open_sql_dump(FieldMap map) {
    return std::make_unique<SqlDumpReader>(std::move(map));
}

}  // namespace octroi::logline
