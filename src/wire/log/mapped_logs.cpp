// SPDX-License-Identifier: GPL-3.0-or-later
#include "wire/log/mapped_logs.hpp"

#include <algorithm>
#include <optional>
#include <utility>

#include "base/byte_cursor.hpp"
#include "wire/log/fields.hpp"
#include "wire/log/json_line.hpp"

namespace octroi::logline {
namespace {

class JsonReader final : public LineReader {
public:
    explicit JsonReader(FieldMap map) : map_(std::move(map)) {}

    LineResult read(std::string_view line, Entry& entry) override {
        entry = {};
        if (line.size() > line_octets_max) return LineResult::bad(BadReason::too_long);
        line = without_end(line);
        if (line.empty()) return LineResult::other();
        if (!json_.parse(line)) return LineResult::bad(BadReason::shape);
        for (const MappedField& wanted : map_.fields) {
            if (has_field(wanted.field, entry)) continue;
            const auto members = json_.members();
            const auto at = std::ranges::find(members, wanted.source, &JsonMember::path);
            if (at == members.end() || (!at->is_text && at->value == "null")) continue;
            const BadReason reason = set_field(wanted.field, at->value, entry);
            if (reason != BadReason::none) return LineResult::bad(reason);
        }
        return finish_mapped(map_, has_source(map_, EntryField::time), entry);
    }

private:
    FieldMap map_;
    JsonLine json_;
};

class CsvReader final : public LineReader {
public:
    explicit CsvReader(FieldMap map) : map_(std::move(map)) {
        columns_.resize(map_.fields.size());
        for (std::size_t i = 0; i < columns_.size(); ++i) {
            std::uint64_t number = 0;
            const bool is_number = parse_number(map_.fields[i].source, number);
            if (is_number && number > 0 && number <= cells_max)
                columns_[i] = static_cast<std::uint16_t>(number);
            else
                has_names_ = true;
        }
    }

    LineResult read(std::string_view line, Entry& entry) override {
        entry = {};
        if (line.size() > line_octets_max) return LineResult::bad(BadReason::too_long);
        if (!line.empty() && line.back() == '\r') line.remove_suffix(1);
        if (line.empty() || line.front() == '#') return LineResult::other();
        if (!split(line)) return LineResult::bad(BadReason::shape);
        if (has_names_ && is_header()) {
            set_columns();
            return LineResult::other();
        }
        if (has_names_ && !is_ready_) return LineResult::bad(BadReason::unknown_fields);
        for (std::size_t i = 0; i < columns_.size(); ++i) {
            const EntryField field = map_.fields[i].field;
            if (columns_[i] == 0 || has_field(field, entry)) continue;
            // A line with fewer columns was cut.
            if (columns_[i] > cells_.size()) return LineResult::bad(BadReason::shape);
            const BadReason reason = set_field(field, cells_[columns_[i] - 1U], entry);
            if (reason != BadReason::none) return LineResult::bad(reason);
        }
        return finish_mapped(map_, has_time_column(), entry);
    }

    [[nodiscard]] std::string save() const override {
        if (!has_names_ || !is_ready_) return {};
        ByteWriter out;
        for (const std::uint16_t column : columns_) out.be16(column);
        return out.drain();
    }
    [[nodiscard]] Status restore(std::string_view state) override {
        is_ready_ = false;
        if (state.empty()) return {};
        if (!has_names_ || state.size() != columns_.size() * 2)
            return fail(ErrorCode::corrupt, "saved columns of a CSV file are damaged");
        ByteCursor in(as_octets(state));
        for (std::uint16_t& column : columns_) (void)in.be16(column);
        is_ready_ = true;
        return {};
    }

private:
    static constexpr std::size_t cells_max = 1024;

    // Cells in quotes are decoded: `""` is a quote.
    bool split(std::string_view rest) {
        cells_.clear();
        decoded_.clear();
        decoded_.reserve(rest.size());
        for (;;) {
            if (cells_.size() == cells_max) return false;
            if (!skip_text(rest, "\"")) {
                const std::size_t end = rest.find(map_.separator);
                cells_.push_back(rest.substr(0, end));
                if (end == std::string_view::npos) return true;
                rest.remove_prefix(end + 1);
                continue;
            }
            if (!split_quoted(rest)) return false;
            if (rest.empty()) return true;
            if (rest.front() != map_.separator) return false;
            rest.remove_prefix(1);
        }
    }

    bool split_quoted(std::string_view& rest) {
        const std::size_t begin = decoded_.size();
        for (;;) {
            const std::size_t quote = rest.find('"');
            if (quote == std::string_view::npos) return false;
            decoded_.append(rest.substr(0, quote));
            rest.remove_prefix(quote + 1);
            if (!skip_text(rest, "\"")) break;
            decoded_.push_back('"');
        }
        cells_.push_back(std::string_view(decoded_).substr(begin));
        return true;
    }

    // The line has the names of columns, and none of the volumes is a number.
    [[nodiscard]] bool is_header() const {
        return std::ranges::any_of(map_.fields, [&](const MappedField& wanted) {
            const bool is_volume = wanted.field == EntryField::in ||
                                   wanted.field == EntryField::out ||
                                   wanted.field == EntryField::both;
            return is_volume && std::ranges::find(cells_, wanted.source) != cells_.end();
        });
    }

    // Files of some programs have no times.
    [[nodiscard]] bool has_time_column() const {
        for (std::size_t i = 0; i < columns_.size(); ++i)
            if (map_.fields[i].field == EntryField::time && columns_[i] != 0) return true;
        return false;
    }

    void set_columns() {
        for (std::size_t i = 0; i < columns_.size(); ++i) {
            std::uint64_t number = 0;
            if (parse_number(map_.fields[i].source, number)) continue;
            const auto at = std::ranges::find(cells_, map_.fields[i].source);
            columns_[i] = at == cells_.end() ? std::uint16_t{0}
                                             : static_cast<std::uint16_t>(at - cells_.begin() + 1);
        }
        is_ready_ = true;
    }

    FieldMap map_;
    std::vector<std::uint16_t> columns_;  // of each mapped field, from 1; 0: the file has none
    bool has_names_ = false;
    bool is_ready_ = false;  // the names were read
    std::vector<std::string_view> cells_;
    std::string decoded_;
};

class NameValueReader final : public LineReader {
public:
    explicit NameValueReader(FieldMap map) : map_(std::move(map)) {}

    LineResult read(std::string_view line, Entry& entry) override {
        entry = {};
        if (line.size() > line_octets_max) return LineResult::bad(BadReason::too_long);
        line = without_end(line);
        if (line.empty()) return LineResult::other();
        if (!line.contains('=')) return LineResult::bad(BadReason::shape);
        for (const MappedField& wanted : map_.fields) {
            if (has_field(wanted.field, entry)) continue;
            const auto value = find_value(line, wanted.source);
            if (!value) continue;
            const BadReason reason = set_field(wanted.field, *value, entry);
            if (reason != BadReason::none) return LineResult::bad(reason);
        }
        return finish_mapped(map_, has_source(map_, EntryField::time), entry);
    }

private:
    [[nodiscard]] std::optional<std::string_view> find_value(std::string_view rest,
                                                             std::string_view name) const {
        while (!rest.empty()) {
            std::string_view pair = next_field(rest, map_.separator);
            skip_blanks(pair);
            if (skip_text(pair, name) && skip_text(pair, "=")) return pair;
        }
        return std::nullopt;
    }

    FieldMap map_;
};

}  // namespace

std::unique_ptr<LineReader> open_json(FieldMap map) {
    return std::make_unique<JsonReader>(std::move(map));
}
std::unique_ptr<LineReader> open_csv(FieldMap map) {
    return std::make_unique<CsvReader>(std::move(map));
}
std::unique_ptr<LineReader> open_name_value(FieldMap map) {
    return std::make_unique<NameValueReader>(std::move(map));
}

}  // namespace octroi::logline
