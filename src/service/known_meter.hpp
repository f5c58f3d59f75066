// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include <string>

#include "ledger/query.hpp"

namespace octroi {

// Error: not_found, unless a meter of this name has batches in the ledger.
[[nodiscard]] Status require_meter(Query& ledger, const std::string& name);

}  // namespace octroi
