// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include <span>

#include "record/report.hpp"

namespace octroi {

// `--names`: asks the resolver of the system for the names of the hosts in `rows`, for some seconds
// at most, and adds them to the tables and to the rows.
void name_hosts(std::span<Report> tables, Report& rows);

}  // namespace octroi
