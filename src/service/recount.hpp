// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

// An imported file against the ledger: `octroi audit --against`.

#include <string>

#include "ledger/ledger.hpp"
#include "meter/bucket_count.hpp"
#include "meter/kind.hpp"

namespace octroi {

struct Recount {
    BucketCounts file;    // counted again by the simple program of the file's kind
    BucketCounts ledger;  // in the batches that the import of the file made
    // Both have the same buckets.
    [[nodiscard]] bool agrees() const { return file == ledger; }
};

// Errors: not_found (the ledger does not have the file), failed (it has a part only).
[[nodiscard]] Result<Recount> recount(Ledger& ledger, MeterKinds kinds, const std::string& file);

}  // namespace octroi
