// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

// The port through which batches enter a ledger. Implemented by store/<database>; every
// implementation passes the same conformance suite (ledger/testing/store_conformance.hpp).

#include <optional>
#include <string_view>
#include <vector>

#include "base/result.hpp"
#include "record/batch.hpp"

namespace octroi {

enum class CommitOutcome {
    committed,          // the batch is in the ledger, durably (a power cut does not take it back)
    already_committed,  // a batch of this id and this content was there: nothing was changed
};

// One writer at a time; calls from one thread. Readers never block the writer nor wait for it.
class Store {
public:
    virtual ~Store() = default;

    // Atomic and idempotent: after an error of any kind nothing of the batch is there, and the same
    // batch may be tried again. (If the power fails right after an error of a full disk, the whole
    // batch may be there all the same, with its cursors: trying it again answers
    // already_committed.) Looks up the id first, then validates, in this order. Errors:
    //   exists      a batch of this id with other content is there (a bug in the producer)
    //   invalid     the batch breaks a rule of ledger/rules.hpp (conservation, order, names)
    //   conflict    a cursor's version is not the successor of the ledger's: another process reads
    //   the
    //               same source. Nothing is lost: the other one has counted it.
    //   busy        another process is writing: try again
    //   no_space    disk full: try again when there is room
    //   failed      anything else, with the database's own words
    [[nodiscard]] virtual Result<CommitOutcome> commit(const Batch& batch) = 0;

    // The cursor of one source, if the meter ever committed one.
    [[nodiscard]] virtual Result<std::optional<Cursor>> cursor(std::string_view meter,
                                                               std::string_view source) = 0;

    // All cursors whose source begins with `prefix`, of every meter: (meter name, cursor), in order
    // of meter and source. Used to recognise a file that was read before, under whatever name.
    struct MeterCursor {
        std::string meter;
        Cursor cursor;
    };
    [[nodiscard]] virtual Result<std::vector<MeterCursor>> cursors(
        std::string_view source_prefix) = 0;
};

}  // namespace octroi
