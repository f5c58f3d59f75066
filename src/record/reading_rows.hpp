// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

// The fields of a Reading as columns, for `octroi inspect`. Rows, CSV headers and docs/rows.md are
// made from one table. Scripts rely on the names of the columns: they must not change.

#include <span>
#include <string>
#include <vector>

#include "record/reading.hpp"
#include "record/report.hpp"

namespace octroi {

// What a reading does not contain itself.
struct RowContext {
    // Meter::names(); must live while rows are made.
    std::span<const Name> names;
    // Digits of a second in the source's times: 6 or 9 in captures, 3 in NetFlow.
    int time_digits = 9;
};

// The columns in the order of output, and their documentation.
[[nodiscard]] std::vector<Column> reading_columns();
[[nodiscard]] std::vector<DocumentedColumn> reading_fields();

// Fills cells, which get the size of the columns; reuse the vector for the next row. Cells may
// refer to texts of the context.
void reading_cells(const Reading& reading, const RowContext& context, std::vector<Cell>& cells);

// Whether the reading is listed as a flow. Frames without IP are in the summary only.
[[nodiscard]] inline bool is_flow_row(const Reading& reading) noexcept {
    return reading.kind == ReadingKind::ip || reading.kind == ReadingKind::duplicate;
}

}  // namespace octroi
