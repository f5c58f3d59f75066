// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include <vector>

#include "ledger/gap_shares.hpp"
#include "ledger/server_gap.hpp"
#include "record/report.hpp"

namespace octroi {

// `octroi reconcile`. has_servers: whether any log meter names the addresses of its server.
[[nodiscard]] Report server_gap_report(const std::vector<ServerGapRow>& rows, bool has_servers);

// Each row is marked as an approximation, also for machines.
[[nodiscard]] Report gap_share_report(const std::vector<GapShare>& shares, bool has_servers);

}  // namespace octroi
