// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include <string>

#include "ledger/query.hpp"

namespace octroi::testing {

// A hash over all batches in the order of their commits, as if one writer had made them. Writers
// have random ids, so the chains of two ledgers with the same batches differ; this hash does not.
inline Result<std::string> content_hash(Query& ledger) {
    std::string hash = zero_hash();
    TRY(ledger.each_batch([&](const StoredBatch& stored) -> Status {
        hash = batch_hash(Writer{}, stored.number, hash, stored.batch,
                          digests(canonical(stored.batch)));
        return {};
    }));
    return to_hex(hash);
}

}  // namespace octroi::testing
