// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

// Tables for people: aligned columns, never wider than the terminal.

#include <span>

#include "record/report.hpp"
#include "view/text_sink.hpp"
#include "view/units.hpp"
#include "view/zone.hpp"

namespace octroi {

struct TableOptions {
    int width = 0;        // columns of the terminal; 0: no limit, the output is not a terminal
    bool colour = false;  // see colour_wanted()
    bool unicode = true;  // false: bars and ellipses in ASCII
    Units units = Units::iec;
    Zone zone = Zone::utc();  // for times
};

// True on a terminal, unless NO_COLOR is set and not empty (no-color.org) or TERM is "dumb". Null
// means that the environment variable is not set.
[[nodiscard]] bool colour_wanted(bool is_terminal, const char* no_color, const char* term);

// Prints rows as they arrive. The first `sample` rows determine the widths of the columns; longer
// text in later rows is cut. For one thread.
class TableStream {
public:
    static constexpr std::size_t sample_rows = 1000;

    TableStream(std::span<const Column> columns, const TableOptions& options, TextSink sink,
                std::size_t sample = sample_rows);

    // Exactly one cell per column.
    [[nodiscard]] Status row(const Row& row);
    // Prints the remaining rows and the totals line, with the label in its first column; then the
    // rows that are not in the totals.
    [[nodiscard]] Status finish(std::span<const Cell> totals = {}, std::string_view label = {},
                                std::span<const Row> apart = {});

private:
    struct Line {
        std::vector<std::string> texts;  // one per visible column
        Tone tone = Tone::plain;
    };
    struct Visible {
        std::size_t column = 0;
        int width = 0;
        bool shown = true;
    };

    [[nodiscard]] Line rendered(std::span<const Cell> cells, int indent, Tone tone) const;
    [[nodiscard]] Line line_of(const Row& row) const;
    void add_label(Line& line, std::span<const Cell> cells, std::string_view label) const;
    void widen(const Line& line);
    void lay_out();
    [[nodiscard]] int total_width() const;
    void add_line(const Line& line);
    void add_rule();
    [[nodiscard]] Status begin();
    [[nodiscard]] Status flush();

    std::vector<Column> columns_;
    TableOptions options_;
    TextSink sink_;
    std::size_t sample_;
    std::vector<Visible> visible_;
    std::vector<Line> held_;
    bool begun_ = false;
    std::string out_;
};

// Heading, table, totals, rows apart, notes. Without rows: heading, Report::when_empty, notes.
[[nodiscard]] Status write_table(const Report& report, const TableOptions& options,
                                 const TextSink& sink);

// A bar of `percent` of `width` columns, exact to an eighth of a column. A percentage above 0 has
// at least the thinnest bar.
[[nodiscard]] std::string bar_text(double percent, int width, bool unicode = true);

}  // namespace octroi
