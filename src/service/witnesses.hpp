// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

// `octroi audit --witnesses`: meters of role witness beside those that bill the same interfaces.

#include <vector>

#include "base/result.hpp"
#include "config/config.hpp"
#include "ledger/witness.hpp"

namespace octroi {

// Whether the configuration says that both meters may see the same traffic: a meter that names its
// interfaces sees no others. A meter that is not configured, or names none, may see any traffic.
[[nodiscard]] bool may_see_the_same(const Config& config, std::string_view witness,
                                    std::string_view meter);

// steps: as SumQuestion::steps. Errors: those of Query::sums().
[[nodiscard]] Result<std::vector<WitnessRow>> compare_witnesses(Query& ledger, const Config& config,
                                                                const Interval& period,
                                                                std::vector<UtcTime> steps);

}  // namespace octroi
