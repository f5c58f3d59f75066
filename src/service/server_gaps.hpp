// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

// `octroi reconcile`: what the logs of servers state beside what packet meters saw.

#include <vector>

#include "base/result.hpp"
#include "config/config.hpp"
#include "ledger/gap_shares.hpp"
#include "ledger/server_gap.hpp"

namespace octroi {

// The meters of the configuration that name the addresses of their server (`addresses`), with the
// services that they log (`services`). Error invalid: an address is none.
[[nodiscard]] Result<std::vector<LoggedServer>> logged_servers(const Config& config);

// One state of the ledger. steps: as SumQuestion::steps. By server as given, then by begin and
// packet meter. Errors: those of Query::sums().
[[nodiscard]] Result<std::vector<ServerGapRow>> server_gaps(
    Query& ledger, const std::vector<LoggedServer>& servers, const Interval& period,
    const std::vector<UtcTime>& steps);

// As server_gaps(), with the names in the logs: each has its share of the gap.
[[nodiscard]] Result<std::vector<GapShare>> server_gap_shares(
    Query& ledger, const std::vector<LoggedServer>& servers, const Interval& period,
    const std::vector<UtcTime>& steps);

}  // namespace octroi
