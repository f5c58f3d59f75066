// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

// The traffic that one run has committed, by identity: for the table at its end. In the ledger it
// is mixed with the traffic of other runs.

#include <map>
#include <tuple>

#include "ledger/usage.hpp"
#include "record/batch.hpp"

namespace octroi {

class RunTotal {
public:
    // A run with more pairs has no table at its end; `octroi usage` has the figures.
    static constexpr std::size_t pairs_max = 100'000;

    void add(const Batch& batch);
    // By identity and account; at most `limit` rows of each layer, 0: all. Errors: over_limit
    // (there were more pairs).
    [[nodiscard]] Result<Usage> usage(std::size_t limit) const;

private:
    std::map<std::tuple<Layer, Party, Party>, Volume> pairs_;
    bool too_many_ = false;
};

}  // namespace octroi
