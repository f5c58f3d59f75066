// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

// The tables of a ledger in SQLite, and how an older ledger becomes one of today. What the tables
// mean is written for third parties in docs/format/ledger.md.

#include <cstdint>
#include <span>

#include "store/sqlite/database.hpp"

namespace octroi::sqlite {

// "OCTR": tells our files from other SQLite databases (pragma application_id, file(1)).
inline constexpr std::int64_t application_id = 0x4F435452;

// Step i makes a ledger of version i (pragma user_version) into one of version i + 1. Steps are
// only ever added: the ones that are here have made ledgers that exist.
using MigrationStep = const char*;
[[nodiscard]] std::span<const MigrationStep> migration_steps();

// Refuses what is not a ledger, or one of a newer Octroi; takes an empty database or an older
// ledger through the steps that it lacks, in one transaction (may_write; otherwise it is refused).
[[nodiscard]] Status migrate(const Database& db, std::span<const MigrationStep> steps,
                             bool may_write);

}  // namespace octroi::sqlite
