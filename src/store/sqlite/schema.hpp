// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

// The tables of a ledger in SQLite. docs/format/ledger.md describes them for other programs.

#include <cstdint>

#include "store/sqlite/database.hpp"

namespace octroi::sqlite {

// "OCTR": distinguishes ledgers from other SQLite databases (PRAGMA application_id, file(1)).
inline constexpr std::int64_t application_id = 0x4F435452;

// PRAGMA user_version. Formats 1 to 3 were never released and are refused. A ledger has format 4
// until a batch has a part about identities (ledger/chain.hpp), and format 5 from then on.
inline constexpr std::int64_t ledger_format = 5;
inline constexpr std::int64_t first_ledger_format = 4;

// Makes the tables in an empty database, in one transaction. Errors: corrupt (not a ledger, or
// empty without may_write), unsupported (another format).
[[nodiscard]] Status prepare_tables(const Database& db, bool may_write);

}  // namespace octroi::sqlite
