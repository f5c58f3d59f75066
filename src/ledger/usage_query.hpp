// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

// A usage question to a ledger.

#include "ledger/query.hpp"
#include "ledger/usage.hpp"

namespace octroi {

// Errors: those of usage() and of Query::sums().
[[nodiscard]] Result<Usage> query_usage(Query& ledger, const UsageQuestion& question);

}  // namespace octroi
