// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

// Facts beside the figures: until when they are booked, the losses, and when the next figures come.

#include <string>

#include "config/config.hpp"
#include "ledger/ledger.hpp"
#include "ledger/usage.hpp"
#include "view/ledger_view.hpp"
#include "view/usage_view.hpp"

namespace octroi {

// Of the meters that the question selects. A meter that stopped committing long before the newest
// commit has ended, and does not hold back booked_until.
[[nodiscard]] Result<UsageState> usage_state(Query& ledger, const UsageQuestion& question,
                                             const LedgerConfig& config);

// The volume of each meter that counts for nobody, over all time and all roles.
[[nodiscard]] Result<ExcludedVolumes> excluded_volumes(Query& ledger);

// "`octroi run` meters into this ledger and commits every 1 min: …" if a daemon writes to the
// ledger; empty: none does. path: as ask_daemon() takes it.
[[nodiscard]] std::string coming_figures(const std::string& path, const LedgerConfig& config,
                                         std::optional<UtcTime> booked_until, const Zone& zone);

}  // namespace octroi
