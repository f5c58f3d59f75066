// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

// The columns of `octroi inspect flow`: the fields of a flow record. Rows, CSV headers and
// docs/rows.md are made from one table. DO NOT CHANGE the names: scripts use them.

#include <vector>

#include "record/report.hpp"
#include "wire/flow/record_sink.hpp"

namespace octroi::flow_file {

// A record, and the message that contained it. Borrowed.
struct FlowRow {
    const flow::FlowRecord& record;
    const flow::MessageContext& context;
    // Decimal digits of a second in the receive time; 0: there is none.
    int received_digits = 0;
};

[[nodiscard]] std::vector<Column> flow_columns();
[[nodiscard]] std::vector<DocumentedColumn> flow_fields();

// Fills the cells of a row. Pass the same vector each time, so that its memory is used again. Cells
// may refer to texts of the record.
void flow_cells(const FlowRow& row, std::vector<Cell>& cells);

}  // namespace octroi::flow_file
