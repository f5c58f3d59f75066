// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

// What this run has booked, by identity: for the table at its end. The ledger holds it too, among
// what other runs have booked.

#include <map>
#include <utility>

#include "ledger/usage.hpp"
#include "record/batch.hpp"

namespace octroi {

class RunTotal {
public:
    // A run that has seen more pairs than this has no table at its end: the ledger tells better.
    static constexpr std::size_t pairs_max = 100'000;

    void add(const Batch& batch);
    // over_limit when there were too many pairs.
    [[nodiscard]] Result<Usage> usage() const;

private:
    std::map<std::pair<Party, Party>, Volume> pairs_;
    bool too_many_ = false;
};

}  // namespace octroi
