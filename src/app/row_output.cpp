// SPDX-License-Identifier: GPL-3.0-or-later
#include "app/row_output.hpp"

namespace octroi {

Result<RowOutput> RowOutput::open(Session& session, std::vector<Column> columns) {
    RowOutput output;
    if (const auto format = session.machine_format()) {
        output.machines_.emplace(columns, *format, Session::standard_output());
    } else {
        TRY_ASSIGN(const TableOptions options, session.table_options());
        output.people_.emplace(columns, options, Session::standard_output());
    }
    return output;
}

Status RowOutput::row(std::vector<Cell>& cells) {
    if (machines_) return machines_->row(cells);
    row_.cells.swap(cells);
    const Status written = people_->row(row_);
    row_.cells.swap(cells);
    return written;
}

Status RowOutput::finish() { return machines_ ? machines_->finish() : people_->finish(); }

}  // namespace octroi
