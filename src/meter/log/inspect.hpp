// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

// `octroi inspect log FILE`: the functions that the row of kind.cpp refers to.

#include "meter/kind.hpp"
#include "meter/log/options.hpp"

namespace octroi::logs {

[[nodiscard]] std::vector<DocumentedColumn> inspect_fields();
// With --bad: the lines that cannot be read.
[[nodiscard]] std::vector<Column> inspect_columns(const OptionValues& options);
// A row for each line that reports traffic. Lines that cannot be read are counted, and the count is
// logged: a log may have lines of other programs.
[[nodiscard]] Result<std::string> inspect(const FileSetup& setup, InspectSink& sink);

}  // namespace octroi::logs
