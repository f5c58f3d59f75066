// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include <cstddef>

#include "record/report.hpp"

namespace octroi {

// Keeps the first `rows` rows and says to people how many are not shown. Totals stay those of all.
void limit_rows(Report& report, std::size_t rows);

}  // namespace octroi
