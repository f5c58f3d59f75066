// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

// The tables of a ledger in SQLite. docs/format/ledger.md describes them for other programs.

#include <cstdint>

#include "store/sqlite/database.hpp"

namespace octroi::sqlite {

// "OCTR": distinguishes ledgers from other SQLite databases (PRAGMA application_id, file(1)).
inline constexpr std::int64_t application_id = 0x4F435452;

// PRAGMA user_version. Formats 1 to 3 were never released and are refused. Format 5 is format 4
// with the mail addresses of accounts and the tables of identities over time.
inline constexpr std::int64_t ledger_format = 5;
inline constexpr std::int64_t first_ledger_format = 4;

// Makes the tables in an empty database, in one transaction. A ledger of format 4 becomes one of
// format 5, so that an Octroi that does not know mail addresses refuses it and cannot drop them;
// without may_write it stays as it is, and this connection reads it with empty mail addresses.
// Errors: corrupt (not a ledger, or empty without may_write), unsupported (another format).
[[nodiscard]] Status prepare_tables(const Database& db, bool may_write);

// The tables of a format in an empty database, without a transaction of its own.
[[nodiscard]] Status make_tables(const Database& db, std::int64_t format);

}  // namespace octroi::sqlite
