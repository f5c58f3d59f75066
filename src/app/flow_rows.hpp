// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

// Flow records as the rows of `octroi inspect flow`. One table names the fields; rows, CSV headers
// and docs/rows.md come from it. The names are a promise: scripts rely on them. (It stands here and
// not in view/, which does not see what the wire carries.)

#include <string>
#include <string_view>
#include <vector>

#include "view/report.hpp"
#include "wire/flow/record_sink.hpp"

namespace octroi {

// A record with the message it came in.
struct FlowRow {
    const flow::FlowRecord& record;
    const flow::MessageContext& context;
    // Digits of a second that the time of receipt has; 0: it is not known.
    int received_digits = 0;
};

[[nodiscard]] std::vector<Column> flow_columns();

// Fills cells (resized to the number of fields; give the same vector again and again). Cells may
// refer to texts of the record.
void flow_cells(const FlowRow& row, std::vector<Cell>& cells);

// The chapter of docs/rows.md.
[[nodiscard]] std::string flow_rows_markdown();

}  // namespace octroi
