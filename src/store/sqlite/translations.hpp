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

// A stored translation.
struct TranslationRow {
    Translation translation;
    std::int64_t opened = 0;  // the batches that have reported its begin and its end
    std::int64_t closed = 0;  // 0: none
    std::int64_t rowid = 0;
    bool is_readable = false;  // false: an address is not
};
// The columns of `translation` that it consists of, for a SELECT of this table; and a row of them.
inline constexpr const char* translation_row_columns =
    "exporter, outside, protocol, first_port, last_port, port_step, remote, remote_port, inside, "
    "inside_port, begin_at, end_at, opened, coalesce(closed, 0), rowid";
[[nodiscard]] TranslationRow translation_row_from(const Statement& row);

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
