// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

// NAT translations as rows. A row refers to the batch that reported its begin (`opened`) and to the
// one that reported its end (`closed`), so that the audit can read what each batch contained.

#include <cstdint>
#include <string>
#include <vector>

#include "ledger/chain.hpp"
#include "ledger/query.hpp"
#include "store/sqlite/database.hpp"

namespace octroi::sqlite {

[[nodiscard]] Status insert_translations(const Database& db, const CanonicalBatch& batch,
                                         std::uint64_t number);

// The result of Query::translations().
[[nodiscard]] Result<std::vector<Translation>> find_translations(
    const Database& db, const TranslationQuestion& question);

// Reads the translations that a batch contained, for the audit.
class TranslationReader {
public:
    [[nodiscard]] static Result<TranslationReader> make(const Database& db);
    // Appends to `into`. False: an address of a row is not readable; all rows are appended anyway.
    [[nodiscard]] Result<bool> read(std::uint64_t number, std::vector<Translation>& into);

private:
    Statement rows_;
};

}  // namespace octroi::sqlite
