// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

// The interface through which batches enter a ledger. store/<database> implements it; every
// implementation passes the conformance suite ledger/testing/store_conformance.hpp.

#include <string_view>
#include <vector>

#include "base/result.hpp"
#include "ledger/anchor.hpp"
#include "ledger/compaction.hpp"
#include "record/batch.hpp"

namespace octroi {

enum class CommitOutcome {
    committed,          // the batch is in the ledger and survives a power cut
    already_committed,  // the ledger already had a batch of this id and content; nothing changed
};

// One writer at a time. Readers neither block the writer nor wait for it. Threads: see ledger.hpp.
class Store {
public:
    virtual ~Store() = default;

    // Adds the batch and moves the cursors that it contains, in one transaction. Idempotent: the
    // caller may commit the same batch again after any error, also after a crash, and it is counted
    // once. After an error nothing of the batch is in the ledger. One exception: if the power fails
    // right after no_space, the whole batch may be there; the retry then returns already_committed.
    //
    // The id is looked up before the content is checked, so a retry gets the same answer even if
    // the rules have changed. Errors, in the order in which they are checked:
    //   exists      the ledger has a batch of this id with other content: a bug of the producer
    //   invalid     the batch violates a rule (ledger/rules.hpp); the text names it
    //   conflict    the version of a cursor is not the ledger's version plus 1: another process
    //               reads the same source and has committed the same traffic
    //   busy        another process is writing; try again
    //   no_space    the disk is full; try again when there is space
    //   failed      anything else, with the text of the database
    [[nodiscard]] virtual Result<CommitOutcome> commit(const Batch& batch) = 0;

    // The current cursors of all meters with a source that begins with `source_prefix`, by meter
    // and source. Finds a file that was imported before under another name or by another meter,
    // because the source of a file is its content, not its name.
    struct MeterCursor {
        std::string meter;
        Cursor cursor;
    };
    [[nodiscard]] virtual Result<std::vector<MeterCursor>> cursors(
        std::string_view source_prefix) = 0;

    // Replaces the transfers of old batches by sums by hour, and old sums by hour by sums by day
    // (ledger/compaction.hpp). Works in slices of some milliseconds, so that no commit of another
    // process waits long, and calls `pause` between them. Cut off at any moment, it can be called
    // again and goes on. Questions and audits see the same sums before, while and after it runs.
    // Errors: busy (another process compacts the ledger, or is writing), corrupt (the transfers do
    // not sum to what was observed: they are kept), and those of commit().
    [[nodiscard]] virtual Result<CompactionProgress> compact(const Retention& retention,
                                                             UtcTime now,
                                                             const CompactionPause& pause) = 0;

    // Makes what is derived for fast questions again, from the rows of the batches. Questions are
    // right meanwhile, but slower. For a ledger of which an audit says that it differs.
    [[nodiscard]] virtual Status rebuild_sums() = 0;

    // Makes an anchor of the heads of all chains. False: no chain has grown since the last one, so
    // none was made. Daily anchors are made by commit(): before a batch that is booked on another
    // UTC day than the last anchor (needs_daily_anchor()). Errors: busy, no_space, permission,
    // failed.
    [[nodiscard]] virtual Result<bool> anchor(AnchorReason reason, UtcTime now) = 0;
};

}  // namespace octroi
