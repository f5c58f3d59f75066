// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

// The fields of a flow record as the columns of a row, for `octroi inspect flow`. One table names
// them; rows, CSV headers and docs/rows.md are made from that table. Scripts rely on the names:
// they do not change.

#include <vector>

#include "record/report.hpp"
#include "wire/flow/record_sink.hpp"

namespace octroi::flow_file {

// A record with the message it came in.
struct FlowRow {
    const flow::FlowRecord& record;
    const flow::MessageContext& context;
    // Digits of a second that the time of receipt has; 0: it is not known.
    int received_digits = 0;
};

[[nodiscard]] std::vector<Column> flow_columns();
[[nodiscard]] std::vector<DocumentedColumn> flow_fields();

// Fills cells (resized to the number of fields; give the same vector again and again). Cells may
// refer to texts of the record.
void flow_cells(const FlowRow& row, std::vector<Cell>& cells);

}  // namespace octroi::flow_file
