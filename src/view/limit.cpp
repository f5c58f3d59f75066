// SPDX-License-Identifier: GPL-3.0-or-later
#include "view/limit.hpp"

#include <fmt/format.h>

#include "view/units.hpp"

namespace octroi {

void limit_rows(Report& report, std::size_t rows) {
    if (report.rows.size() <= rows) return;
    const std::size_t left_out = report.rows.size() - rows;
    report.rows.resize(rows);
    report.notes.insert(
        report.notes.begin(),
        fmt::format("{} more row{} not shown. The total includes all rows.",
                    count_text(static_cast<std::uint64_t>(left_out)), left_out == 1 ? "" : "s"));
}

}  // namespace octroi
