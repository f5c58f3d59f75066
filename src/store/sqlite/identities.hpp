// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

// Events of identities as rows, and the part about identities of batch headers. A ledger of format
// 4 that no writer of this version has opened lacks the tables: it has no events.

#include <cstdint>
#include <optional>

#include "ledger/chain.hpp"
#include "ledger/query.hpp"
#include "store/sqlite/database.hpp"

namespace octroi::sqlite {

[[nodiscard]] Result<bool> has_identity_tables(const Database& db);

// Writes the events and the part of the header, and makes the ledger one of the format that has
// them. Nothing for a batch without either.
[[nodiscard]] Status insert_identities(const Database& db, const CanonicalBatch& batch,
                                       const BatchDigests& digests, std::uint64_t number);

// The digest of no events.
[[nodiscard]] const ListDigest& no_identities();

// Reads what a batch has, for the audit.
class IdentityReader {
public:
    [[nodiscard]] static Result<IdentityReader> make(const Database& db);
    // Sets the events, identities_known and the digest of the stored batch.
    [[nodiscard]] Status read(StoredBatch& stored);

private:
    bool exists_ = false;
    Statement header_;
    Statement events_;
};

// Batch::identities_known of single batches.
class KnownIdentities {
public:
    [[nodiscard]] static Result<KnownIdentities> make(const Database& db);
    [[nodiscard]] Result<std::int64_t> of(std::int64_t batch);

private:
    bool exists_ = false;
    Statement find_;
};

}  // namespace octroi::sqlite
