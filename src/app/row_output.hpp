// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

// Prints rows to standard output as they arrive, in the format of the command line.

#include <optional>
#include <span>
#include <vector>

#include "app/session.hpp"
#include "view/row_stream.hpp"
#include "view/table.hpp"

namespace octroi {

class RowOutput {
public:
    [[nodiscard]] static Result<RowOutput> open(Session& session, std::vector<Column> columns);

    [[nodiscard]] Status row(std::vector<Cell>& cells);
    [[nodiscard]] Status finish();

private:
    RowOutput() = default;
    std::optional<RowStream> machines_;
    std::optional<TableStream> people_;
    Row row_;
};

}  // namespace octroi
