// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

// `octroi inspect conntrack FILE`: listings of connections as text (wire/conntrack/listing.hpp).
// The functions that the row of conntrack (kind.cpp) refers to.

#include "meter/kind.hpp"

namespace octroi::conntrack {

[[nodiscard]] std::vector<DocumentedColumn> listing_fields();
[[nodiscard]] std::vector<Column> listing_columns(const OptionValues& options);
// Two rows for each connection, one for each direction.
[[nodiscard]] Result<std::string> inspect_listing(const FileSetup& setup, InspectSink& sink);

}  // namespace octroi::conntrack
