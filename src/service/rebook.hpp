// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

// Attributes a period of the ledger again, with the bindings, class table and services as they are
// known now, and commits the differences as corrections: `octroi rebook`.
//
// The volume as the meters observed it is attributed again, whatever earlier corrections have
// moved. A correction is the difference to the sums of the ledger. So a second run commits nothing,
// and after the old bindings are declared again a run moves everything back.
//
// Works slice by slice of time. Each slice is one correction for each meter and is right without
// the others: a run that was killed is completed by the next one.

#include <cstddef>
#include <functional>
#include <set>
#include <string>

#include "config/config.hpp"
#include "ledger/ledger.hpp"
#include "view/rebook_view.hpp"

namespace octroi {

struct RebookRequest {
    Interval period;     // min and max: without bound
    std::string meter;   // only meters of this name; empty: all
    std::string reason;  // of the corrections, for people; empty: made here
    // Only ends with these identities (identity_text()) move, to their accounts; the classes and
    // services of the rows stay as they are booked. Empty: everything is attributed again.
    std::set<std::string> identities;
    bool dry_run = false;
    UtcTime now;
    std::size_t slice_rows = 100'000;  // about that many rows of the ledger at a time
    // Before each slice: where it begins, in the period with traffic. Empty: nobody looks.
    std::function<void(UtcTime, const Interval&)> progress;
    // Asked before each slice. True: the run ends there; the next one goes on.
    std::function<bool()> stop_requested;
};

// Only one process at a time may do this: open the ledger with LedgerOptions::activity. Errors:
// those of Query and Store, invalid (a service rule), not_found (there is no such meter, or of a
// part of the period only sums are left). A period without a begin begins where all transfers are
// there.
[[nodiscard]] Result<RebookSummary> rebook(Ledger& ledger, const Config& config,
                                           const RebookRequest& request);

}  // namespace octroi
