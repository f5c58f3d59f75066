// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include <string>
#include <vector>

#include "ledger/query.hpp"
#include "ledger/store.hpp"

namespace octroi {

// Without those of content sources that another meter has moved since (is_content_source()).
[[nodiscard]] std::vector<Store::MeterCursor> newest_cursors(std::vector<Store::MeterCursor> all);

// Error: not_found, unless a meter of this name has batches in the ledger.
[[nodiscard]] Status require_meter(Query& ledger, const std::string& name);

}  // namespace octroi
