// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

// The fields of a Reading as the columns of a row, for `octroi inspect`. One table names them;
// rows, CSV headers and docs/rows.md are made from that table. Scripts rely on the names: they do
// not change.

#include <span>
#include <string>
#include <vector>

#include "record/reading.hpp"
#include "record/report.hpp"

namespace octroi {

// What a reading does not carry itself.
struct RowContext {
    // Meter::names(). Must live while rows are made.
    std::span<const Name> names;
    // How many digits of a second the source states: 6 or 9 for captures, 3 for NetFlow.
    int time_digits = 9;
};

// The fields in the order in which they are printed, and their documentation.
[[nodiscard]] std::vector<Column> reading_columns();
[[nodiscard]] std::vector<DocumentedColumn> reading_fields();

// Fills cells (resized to the number of fields; give the same vector again and again). Cells may
// refer to texts of the context.
void reading_cells(const Reading& reading, const RowContext& context, std::vector<Cell>& cells);

// Whether the reading is a row of a flow listing. Frames that carry no IP have no flow: they are in
// the summary only.
[[nodiscard]] inline bool is_flow_row(const Reading& reading) noexcept {
    return reading.kind == ReadingKind::ip || reading.kind == ReadingKind::duplicate;
}

}  // namespace octroi
