// SPDX-License-Identifier: GPL-3.0-or-later
#include "view/row_stream.hpp"

#include "base/check.hpp"

namespace octroi {
namespace {

// One write(2) for many rows.
constexpr std::size_t flush_at = std::size_t{64} << 10U;

void append_facts(TextBuffer& out, std::span<const Fact> facts) {
    bool first = true;
    for (const Fact& fact : facts) {
        if (is_absent(fact.value)) continue;
        if (!first) out.push_back(',');
        first = false;
        append_json_string(out, fact.key);
        out.push_back(':');
        append_json(out, fact.value);
    }
}

void append_list(TextBuffer& out, const FactList& list) {
    append(out, "\n");
    append_json_string(out, list.key);
    append(out, ":[");
    for (const std::vector<Fact>& item : list.items) {
        append(out, &item == list.items.data() ? "\n{" : ",\n{");
        append_facts(out, item);
        out.push_back('}');
    }
    append(out, list.items.empty() ? "]," : "\n],");
}

}  // namespace

RowStream::RowStream(std::span<const Column> columns, MachineFormat format, TextSink sink,
                     std::span<const Fact> meta, std::span<const FactList> lists)
    : columns_(columns.size()), format_(format), sink_(std::move(sink)) {
    for (std::size_t i = 0; i < columns.size(); ++i) {
        if (columns[i].audience == Audience::people) continue;
        TextBuffer key;
        if (is_csv()) {
            append_csv_field(key, columns[i].key);
        } else {
            append_json_string(key, columns[i].key);
            key.push_back(':');
        }
        keys_.push_back({i, fmt::to_string(key)});
    }
    begin(meta, lists);
}

void RowStream::begin(std::span<const Fact> meta, std::span<const FactList> lists) {
    if (is_csv()) {
        for (std::size_t i = 0; i < keys_.size(); ++i) {
            if (i > 0) out_.push_back(',');
            append(out_, keys_[i].text);
        }
        append(out_, "\r\n");
    } else if (format_ == MachineFormat::json) {
        in_object_ = !meta.empty();
        if (in_object_) {
            out_.push_back('{');
            append_facts(out_, meta);
            if (out_.size() > 1) out_.push_back(',');
            for (const FactList& list : lists) append_list(out_, list);
            append(out_, "\n\"rows\":");
        }
        out_.push_back('[');
    }
}

Status RowStream::row(std::span<const Cell> cells) {
    CHECK(cells.size() == columns_);
    if (is_csv()) {
        csv_line(cells);
    } else {
        if (format_ == MachineFormat::json) append(out_, first_ ? "\n" : ",\n");
        object(cells);
        if (format_ == MachineFormat::ndjson) out_.push_back('\n');
    }
    first_ = false;
    return out_.size() < flush_at ? Status{} : flush();
}

void RowStream::object(std::span<const Cell> cells) {
    out_.push_back('{');
    bool first = true;
    for (const Key& key : keys_) {
        const Cell& cell = cells[key.column];
        if (is_absent(cell)) continue;
        if (!first) out_.push_back(',');
        first = false;
        append(out_, key.text);
        append_json(out_, cell);
    }
    out_.push_back('}');
}

void RowStream::csv_line(std::span<const Cell> cells) {
    const CsvTexts texts = format_ == MachineFormat::csv_raw ? CsvTexts::raw : CsvTexts::neutral;
    const std::size_t begin = out_.size();
    for (std::size_t i = 0; i < keys_.size(); ++i) {
        if (i > 0) out_.push_back(',');
        append_csv(out_, cells[keys_[i].column], texts);
    }
    // One empty field would make an empty line, and CSV readers skip empty lines.
    if (out_.size() == begin) append(out_, "\"\"");
    append(out_, "\r\n");
}

Status RowStream::finish(std::span<const Cell> totals) {
    if (format_ == MachineFormat::json) {
        append(out_, first_ ? "]" : "\n]");
        if (in_object_ && !totals.empty()) {
            CHECK(totals.size() == columns_);
            append(out_, ",\n\"totals\":");
            object(totals);
        }
        append(out_, in_object_ ? "}\n" : "\n");
    }
    return flush();
}

Status RowStream::flush() {
    if (out_.size() == 0) return {};
    const Status status = sink_({out_.data(), out_.size()});
    out_.clear();
    return status;
}

Status write_machine(const Report& report, MachineFormat format, const TextSink& sink) {
    RowStream stream(report.columns, format, sink, report.meta, report.lists);
    for (const Row& row : report.rows) TRY(stream.row(row.cells));
    return stream.finish(report.totals);
}

std::string json_object(std::span<const Fact> facts) {
    TextBuffer out;
    out.push_back('{');
    append_facts(out, facts);
    append(out, "}\n");
    return fmt::to_string(out);
}

}  // namespace octroi
