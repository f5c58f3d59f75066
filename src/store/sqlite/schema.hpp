// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

// The tables of a ledger in SQLite, and the migration of older ledgers. docs/format/ledger.md
// describes the tables for other programs.

#include <cstdint>
#include <span>

#include "store/sqlite/database.hpp"

namespace octroi::sqlite {

// "OCTR": distinguishes ledgers from other SQLite databases (PRAGMA application_id, file(1)).
inline constexpr std::int64_t application_id = 0x4F435452;

// Step i turns a ledger of format i (PRAGMA user_version) into one of format i + 1. DO NOT CHANGE a
// step: ledgers exist that were made with it. A change of the format is a new step at the end.
using MigrationStep = const char*;
[[nodiscard]] std::span<const MigrationStep> migration_steps();

// Runs the steps that the database lacks, in one transaction; an empty database runs all. Errors:
// corrupt (not a ledger), unsupported (a newer format; or, without may_write, an older one).
[[nodiscard]] Status migrate(const Database& db, std::span<const MigrationStep> steps,
                             bool may_write);

}  // namespace octroi::sqlite
