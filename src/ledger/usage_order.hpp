// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

// The order of usage rows.

#include <cstdint>
#include <vector>

#include "ledger/usage_fold.hpp"

namespace octroi {

struct OrderedRow {
    std::uint32_t row = 0;  // number in the fold
    int depth = 0;          // UsageRow::depth
};

// All rows of the fold. With UsageQuestion::limit only so many are in order, the first ones; the
// others follow in any order.
[[nodiscard]] std::vector<OrderedRow> ordered_rows(const UsageQuestion& question,
                                                   const UsageFold& fold, const TextNumbers& texts);

}  // namespace octroi
