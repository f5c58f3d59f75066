// SPDX-License-Identifier: GPL-3.0-or-later
#include "view/limit.hpp"

#include <fmt/format.h>

#include "view/units.hpp"

namespace octroi {

void limit_rows(Sheet& sheet, std::size_t rows) {
    if (sheet.rows.size() <= rows) return;
    const std::size_t left_out = sheet.rows.size() - rows;
    sheet.rows.resize(rows);
    sheet.notes.insert(
        sheet.notes.begin(),
        fmt::format("{} more row{} not shown; the total is that of all.",
                    count_text(static_cast<std::uint64_t>(left_out)), left_out == 1 ? "" : "s"));
}

}  // namespace octroi
