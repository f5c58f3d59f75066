// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

// Rows for people: aligned columns, never wider than the terminal.

#include <span>

#include "record/report.hpp"
#include "view/text_sink.hpp"
#include "view/units.hpp"
#include "view/zone.hpp"

namespace octroi {

struct TableOptions {
    int width = 0;        // columns of the terminal; 0: not a terminal, no limit
    bool colour = false;  // a terminal, and NO_COLOR is not set
    bool unicode = true;  // false: bars and ellipses in ASCII
    Units units = Units::iec;
    Zone zone = Zone::utc();  // in which times are shown
};

// Whether to colour: on a terminal, unless NO_COLOR is there and not empty (no-color.org), or TERM
// is "dumb". Null: the variable is not set.
[[nodiscard]] bool colour_wanted(bool is_terminal, const char* no_color, const char* term);

// Rows of one kind, printed as they come: the first `sample_rows` decide how wide the columns are,
// later text that is longer is cut. Not for several threads.
class TableStream {
public:
    static constexpr std::size_t sample_rows = 1000;

    TableStream(std::span<const Column> columns, const TableOptions& options, TextSink sink,
                std::size_t sample = sample_rows);

    // As many cells as columns were given.
    [[nodiscard]] Status row(const Row& row);
    // The label stands in the first column of the totals line.
    [[nodiscard]] Status finish(std::span<const Cell> totals = {}, std::string_view label = {});

private:
    struct Line {
        std::vector<std::string> texts;  // as shown, one per visible column
        Tone tone = Tone::plain;
    };
    struct Visible {
        std::size_t column = 0;
        int width = 0;
        bool shown = true;
    };

    [[nodiscard]] Line rendered(std::span<const Cell> cells, int indent, Tone tone) const;
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

// Heading, table, totals, notes; or, without rows, heading and what to do.
[[nodiscard]] Status write_table(const Report& report, const TableOptions& options,
                                 const TextSink& sink);

// A bar of eighths: percent of `width` columns.
[[nodiscard]] std::string bar_text(double percent, int width, bool unicode = true);

}  // namespace octroi
