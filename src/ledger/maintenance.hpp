// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

// The port for the maintenance of a ledger: anchors, retention, and derived sums.

#include "base/result.hpp"
#include "base/time.hpp"
#include "ledger/anchor.hpp"
#include "ledger/compaction.hpp"

namespace octroi {

class Maintenance {
public:
    virtual ~Maintenance() = default;

    // Replaces the transfers of old batches by sums by hour, and old sums by hour by sums by day
    // (ledger/compaction.hpp). Works in slices of some milliseconds, rests between them, so that no
    // commit of another process waits long, and calls `pause` after each. Cut off at any moment, it
    // can be called again and goes on. Questions and audits see the same sums before, while and
    // after it runs. No compaction goes beyond an anchor. Batches that cannot be compacted are
    // kept, and the others are compacted; then the error is the first one of these, and says how
    // much was done. Errors: busy (another process compacts the ledger, or is writing), corrupt
    // (rows are not those of their headers or records), over_limit (a sum exceeds 64 bits), and
    // those of commit().
    [[nodiscard]] virtual Result<CompactionProgress> compact(const Retention& retention,
                                                             UtcTime now,
                                                             const CompactionPause& pause) = 0;

    // Makes the derived sums for fast questions again, from the rows of the batches. Questions are
    // right meanwhile, but slower. In slices, as compact(). For a ledger of which an audit says
    // that they differ. Errors: busy (a compaction runs, or another rebuild), and those of
    // commit().
    [[nodiscard]] virtual Status rebuild_sums() = 0;

    // Makes an anchor of the heads of all chains. False: no chain has grown since the last one, so
    // none was made. Daily anchors are made by commit(): before a batch that is booked on another
    // UTC day than the last anchor (needs_daily_anchor()). Errors: busy, no_space, permission,
    // failed.
    [[nodiscard]] virtual Result<bool> anchor(AnchorReason reason, UtcTime now) = 0;
};

}  // namespace octroi
