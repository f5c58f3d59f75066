// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include <cstddef>

#include "record/report.hpp"

namespace octroi {

// Keeps the first `rows` rows and adds a note with the number of the others. The totals stay those
// of all rows.
void limit_rows(Report& report, std::size_t rows);

}  // namespace octroi
