// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

// Readings as the rows of `octroi inspect`. One table names the fields; rows, CSV headers and
// docs/rows.md come from it. The names are a promise: scripts rely on them.

#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "record/counter.hpp"
#include "record/reading.hpp"
#include "view/row_stream.hpp"

namespace octroi {

// What a reading does not carry itself.
struct RowContext {
    // Meter::interfaces(): names for Reading::interface. Must live while rows are made.
    std::span<const std::string> interfaces;
    // How many digits of a second the source states: 6 or 9 for captures, 3 for NetFlow.
    int time_digits = 9;
};

struct ReadingField {
    Column column;
    std::string_view type;  // for the documentation: "address", "integer", …
    std::string_view doc;   // one sentence
    Cell (*value)(const Reading&, const RowContext&);
};

// In the order in which they are printed.
[[nodiscard]] std::span<const ReadingField> reading_fields();
[[nodiscard]] std::vector<Column> reading_columns();

// Fills cells (resized to the number of fields; give the same vector again and again). Cells may
// refer to texts of the context.
void reading_cells(const Reading& reading, const RowContext& context, std::vector<Cell>& cells);

// Whether the reading is a row of a flow listing. Frames that carry no IP have no flow: they are in
// the summary only.
[[nodiscard]] inline bool is_flow_row(const Reading& reading) noexcept {
    return reading.kind == ReadingKind::ip || reading.kind == ReadingKind::duplicate;
}

// docs/rows.md.
[[nodiscard]] std::string rows_markdown();

// docs/counters.md: a heading and a table for each component.
struct CounterChapter {
    std::string_view title;
    std::string_view about;  // one sentence, may be empty
    std::span<const CounterInfo> counters;
};
[[nodiscard]] std::string counters_markdown(std::span<const CounterChapter> chapters);

}  // namespace octroi
