// SPDX-License-Identifier: GPL-3.0-or-later
#include "view/table.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <cmath>

#include "base/check.hpp"
#include "view/cell_text.hpp"
#include "view/text.hpp"

namespace octroi {
namespace {

constexpr int gap = 2;
constexpr int bar_width = 16;
// Text columns are not cut below this width: columns are dropped first, and at last the line is
// cut.
constexpr int min_text_width = 8;
constexpr std::size_t table_flush_octets = std::size_t{64} << 10U;

constexpr std::string_view reset = "\x1b[0m";

std::string_view code_of(Tone tone) {
    switch (tone) {
        case Tone::plain:
            return "";
        case Tone::strong:
            return "\x1b[1m";
        case Tone::dim:
            return "\x1b[2m";
        case Tone::warn:
            return "\x1b[31m";
    }
    return "";
}

bool is_text(const Column& column) {
    return column.kind == ColumnKind::text || column.kind == ColumnKind::list;
}

Align align_of(const Column& column) {
    switch (column.kind) {
        case ColumnKind::text:
        case ColumnKind::list:
        case ColumnKind::bar:
        case ColumnKind::time:
            return Align::left;
        default:
            return Align::right;
    }
}

std::string exact_text(const Cell& cell) {
    TextBuffer out;
    append_csv(out, cell);
    return fmt::to_string(out);
}

std::string unsigned_text(std::uint64_t value, ColumnKind kind, Units units) {
    switch (kind) {
        case ColumnKind::bytes:
            return bytes_column_text(value, units);
        case ColumnKind::rate:
            return rate_column_text(value);
        case ColumnKind::number:
            return fmt::to_string(value);
        default:
            return count_text(value);
    }
}

std::string list_text(const std::vector<std::string>& list) {
    return printable(fmt::format("{}", fmt::join(list, ", ")));
}

// The text may end in spaces, so that units are aligned.
std::string people_text(const Cell& cell, const Column& column, const TableOptions& options) {
    if (is_absent(cell)) return column.when_absent;
    if (const auto* text = std::get_if<std::string>(&cell)) return printable(*text);
    if (const auto* text = std::get_if<std::string_view>(&cell)) return printable(*text);
    if (const auto* value = std::get_if<std::uint64_t>(&cell))
        return unsigned_text(*value, column.kind, options.units);
    if (const auto* value = std::get_if<std::int64_t>(&cell))
        return column.kind == ColumnKind::number ? fmt::to_string(*value) : count_text(*value);
    if (const auto* value = std::get_if<double>(&cell)) {
        if (column.kind == ColumnKind::bar) return bar_text(*value, bar_width, options.unicode);
        return fmt::format("{:.1f}%", *value);
    }
    if (const auto* value = std::get_if<bool>(&cell)) return *value ? "yes" : "no";
    if (const auto* moment = std::get_if<Moment>(&cell))
        return local_text(moment->at, options.zone, true);
    if (const auto* duration = std::get_if<Duration>(&cell)) return duration_text(*duration);
    if (const auto* list = std::get_if<std::vector<std::string>>(&cell)) return list_text(*list);
    return exact_text(cell);
}

void trim_end(std::string& line, std::size_t from) {
    while (line.size() > from && line.back() == ' ') line.pop_back();
}

std::string_view ellipsis(const TableOptions& options) { return options.unicode ? "…" : "~"; }

}  // namespace

bool colour_wanted(bool is_terminal, const char* no_color, const char* term) {
    if (!is_terminal || (no_color != nullptr && *no_color != '\0')) return false;
    return term == nullptr || std::string_view(term) != "dumb";
}

std::string bar_text(double percent, int width, bool unicode) {
    constexpr std::array<std::string_view, 8> eighths{"", "▏", "▎", "▍", "▌", "▋", "▊", "▉"};
    if (!(percent > 0)) return {};
    const double bounded = std::min(percent, 100.0);
    const int scale = unicode ? 8 : 1;
    // A value above 0 must be visible.
    const int units = std::max(1, static_cast<int>(std::lround(bounded * width * scale / 100)));
    std::string bar;
    for (int i = 0; i < units / scale; ++i) bar += unicode ? "█" : "#";
    if (unicode) bar += eighths.at(static_cast<std::size_t>(units % 8));
    return bar;
}

TableStream::TableStream(std::span<const Column> columns, const TableOptions& options,
                         TextSink sink, std::size_t sample)
    : columns_(columns.begin(), columns.end()),
      options_(options),
      sink_(std::move(sink)),
      sample_(sample) {
    for (std::size_t i = 0; i < columns_.size(); ++i)
        if (columns_[i].audience != Audience::machines)
            visible_.push_back({i, text_width(columns_[i].title), true});
}

TableStream::Line TableStream::rendered(std::span<const Cell> cells, int indent, Tone tone) const {
    CHECK(cells.size() == columns_.size());
    Line line;
    line.tone = tone;
    for (const Visible& v : visible_) {
        std::string text = people_text(cells[v.column], columns_[v.column], options_);
        if (line.texts.empty()) text.insert(0, 2 * static_cast<std::size_t>(indent), ' ');
        line.texts.push_back(std::move(text));
    }
    return line;
}

void TableStream::widen(const Line& line) {
    for (std::size_t i = 0; i < visible_.size(); ++i)
        visible_[i].width = std::max(visible_[i].width, text_width(line.texts[i]));
}

int TableStream::total_width() const {
    int width = -gap;
    for (const Visible& v : visible_)
        if (v.shown) width += v.width + gap;
    return width;
}

void TableStream::lay_out() {
    if (options_.width <= 0) return;
    const auto shrink = [&](int least) {
        while (total_width() > options_.width) {
            Visible* widest = nullptr;
            for (Visible& v : visible_)
                if (v.shown && is_text(columns_[v.column]) && v.width > least &&
                    (widest == nullptr || v.width > widest->width))
                    widest = &v;
            if (widest == nullptr) return;
            --widest->width;
        }
    };
    // First cut long names, down to a length at which most of them still differ; then drop columns.
    constexpr int readable_text_width = 24;
    shrink(readable_text_width);
    while (total_width() > options_.width) {
        Visible* least_needed = nullptr;
        for (Visible& v : visible_) {
            const int rank = v.shown ? columns_[v.column].drop_priority : 0;
            if (rank > 0 &&
                (least_needed == nullptr || rank > columns_[least_needed->column].drop_priority))
                least_needed = &v;
        }
        if (least_needed == nullptr) break;
        least_needed->shown = false;
    }
    shrink(min_text_width);
}

void TableStream::add_line(const Line& line) {
    std::string text;
    for (std::size_t i = 0; i < visible_.size(); ++i) {
        const Visible& v = visible_[i];
        if (!v.shown) continue;
        if (!text.empty()) text.append(gap, ' ');
        const Column& column = columns_[v.column];
        // Only text may be cut: a number without its last digits would be a wrong number.
        const bool whole = !is_text(column) && text_width(line.texts[i]) > v.width;
        text += whole ? line.texts[i]
                      : fit(line.texts[i], v.width, align_of(column), ellipsis(options_));
    }
    trim_end(text, 0);
    if (options_.width > 0) text = cut(text, options_.width, ellipsis(options_));
    const std::string_view code = options_.colour ? code_of(line.tone) : "";
    out_ += code;
    out_ += text;
    if (!code.empty()) out_ += reset;
    out_ += '\n';
}

void TableStream::add_rule() {
    const int width = options_.width > 0 ? std::min(total_width(), options_.width) : total_width();
    std::string rule;
    for (int i = 0; i < width; ++i) rule += options_.unicode ? "─" : "-";
    if (options_.colour) rule = std::string(code_of(Tone::dim)) + rule + std::string(reset);
    out_ += rule + "\n";
}

Status TableStream::begin() {
    begun_ = true;
    lay_out();
    Line header;
    header.tone = Tone::strong;
    for (const Visible& v : visible_) header.texts.push_back(columns_[v.column].title);
    add_line(header);
    for (const Line& line : held_) add_line(line);
    held_.clear();
    return {};
}

Status TableStream::row(const Row& row) {
    Line line = line_of(row);
    if (begun_) {
        add_line(line);
        return out_.size() < table_flush_octets ? Status{} : flush();
    }
    widen(line);
    held_.push_back(std::move(line));
    return held_.size() < sample_ ? Status{} : begin();
}

// An absent total means that the column has no total: it does not use when_absent.
void TableStream::add_label(Line& line, std::span<const Cell> cells, std::string_view label) const {
    for (std::size_t i = 0; i < visible_.size(); ++i)
        if (is_absent(cells[visible_[i].column])) line.texts[i] = i == 0 ? printable(label) : "";
}

TableStream::Line TableStream::line_of(const Row& row) const {
    Line line = rendered(row.cells, row.indent, row.tone);
    if (!row.label.empty()) add_label(line, row.cells, row.label);
    return line;
}

Status TableStream::finish(std::span<const Cell> totals, std::string_view label,
                           std::span<const Row> apart) {
    Line line;
    std::vector<Line> below;
    for (const Row& row : apart) {
        below.push_back(line_of(row));
        if (!begun_) widen(below.back());
    }
    if (!totals.empty()) {
        line = rendered(totals, 0, Tone::strong);
        add_label(line, totals, label);
        if (!begun_) widen(line);
    }
    if (!begun_) TRY(begin());
    if (!totals.empty()) {
        add_rule();
        add_line(line);
    }
    for (const Line& row : below) add_line(row);
    return flush();
}

Status TableStream::flush() {
    if (out_.empty()) return {};
    const Status status = sink_(out_);
    out_.clear();
    return status;
}

Status write_table(const Report& report, const TableOptions& options, const TextSink& sink) {
    const auto lines = [&](const std::vector<std::string>& texts) {
        std::string out;
        for (const std::string& text : texts) out += wrapped(printable(text), options.width) + "\n";
        return out;
    };
    if (!report.heading.empty()) TRY(sink(lines(report.heading) + "\n"));
    if (report.rows.empty() && report.apart.empty()) {
        const std::string next =
            report.when_empty.empty() ? "" : wrapped(report.when_empty, options.width) + "\n";
        return sink(next + lines(report.notes));
    }
    TableStream stream(report.columns, options, sink, report.rows.size() + 1);
    for (const Row& row : report.rows) TRY(stream.row(row));
    TRY(stream.finish(report.totals, report.totals_label, report.apart));
    return report.notes.empty() ? Status{} : sink("\n" + lines(report.notes));
}

}  // namespace octroi
