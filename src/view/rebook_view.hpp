// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

// `octroi rebook` as a report: what moves, and what cannot be attributed again.

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "base/quantity.hpp"
#include "base/time.hpp"
#include "record/report.hpp"

namespace octroi {

// Volume that moves from one name to another. A transfer of which both ends move is in two of them.
struct RebookMove {
    std::string what;  // "end" (an account or class), "identity" (of the same account), "service"
    std::string before;
    std::string after;
    Volume volume;
    std::uint64_t buckets = 0;
};

// Volume that stays where it is, because the ledger does not hold what would decide. A transfer may
// have several reasons.
struct RebookDoubt {
    std::string name;    // the account, class or service that has it
    std::string reason;  // for people
    Volume volume;
    std::uint64_t buckets = 0;
};

struct RebookSummary {
    Interval period;  // min and max: without bound
    bool dry_run = false;
    std::vector<RebookMove> moves;
    std::vector<RebookDoubt> doubts;
    Volume examined;
    Volume moved;                   // each transfer once
    Volume unresolved;              // each transfer once
    std::uint64_t corrections = 0;  // batches that were booked, or would be
    // Of traffic before this time only sums are left, and the period has no begin: it was not
    // looked at.
    std::optional<UtcTime> left_out_until;
    std::optional<UtcTime> stopped_at;  // on request; traffic from then on was not looked at
};

[[nodiscard]] Report rebook_report(const RebookSummary& summary);

}  // namespace octroi
