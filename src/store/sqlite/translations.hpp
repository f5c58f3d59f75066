// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

// Translations as rows. A row belongs to the batch that told of its beginning (`opened`) and to the
// one that told of its end (`closed`), so that what each of them said can be told again.

#include <cstdint>
#include <string>
#include <vector>

#include "ledger/chain.hpp"
#include "ledger/query.hpp"
#include "store/sqlite/database.hpp"

namespace octroi::sqlite {

[[nodiscard]] Status insert_translations(const Database& db, const CanonicalBatch& batch,
                                         std::uint64_t sequence);

[[nodiscard]] Result<std::vector<Translation>> find_translations(
    const Database& db, const TranslationQuestion& question);

// What a batch said, for the audit.
class TranslationReader {
public:
    [[nodiscard]] static Result<TranslationReader> make(const Database& db);
    // False: a row's address is none; the rest is there.
    [[nodiscard]] Result<bool> read(std::uint64_t sequence, std::vector<Translation>& into);

private:
    Statement rows_;
};

}  // namespace octroi::sqlite
