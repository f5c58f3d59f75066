// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

// The interface through which batches enter a ledger. store/<database> implements it; every
// implementation passes the conformance suite ledger/testing/store_conformance.hpp.

#include <string>
#include <string_view>
#include <vector>

#include "base/result.hpp"
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
    //   conflict    the version of a cursor is not the ledger's version plus 1: another process, or
    //               another meter (is_content_source()), reads the same source and has committed
    //               the same traffic
    //   busy        another process is writing; try again
    //   no_space    the disk is full; try again when there is space
    //   not_found   the ledger was removed or replaced after it was opened: nothing that is written
    //               would be found again
    //   failed      anything else, with the text of the database
    [[nodiscard]] virtual Result<CommitOutcome> commit(const Batch& batch) = 0;

    // Names the ledger for files that belong to it, in hexadecimal digits. Random; a copy has the
    // same one.
    [[nodiscard]] virtual Result<std::string> ledger_id() = 0;

    // The current cursors of all meters with a source that begins with `source_prefix`, by meter
    // and source. Finds a file that was imported before under another name or by another meter,
    // because the source of a file is its content, not its name.
    struct MeterCursor {
        std::string meter;
        Cursor cursor;
    };
    [[nodiscard]] virtual Result<std::vector<MeterCursor>> cursors(
        std::string_view source_prefix) = 0;
};

}  // namespace octroi
