// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

// Class tables in SQLite, for the ledger and its self-check.

#include <optional>
#include <string>
#include <string_view>

#include "ledger/registry.hpp"
#include "store/sqlite/database.hpp"

namespace octroi::sqlite {

struct StoredClassTable {
    ClassTable table;
    std::string name;
    UtcTime loaded_at;
    std::uint64_t prefixes = 0;
    std::string checksum;
};

[[nodiscard]] Result<std::optional<StoredClassTable>> read_class_table(const Database& db,
                                                                       std::string_view version);
// Over everything that is stored of the table.
[[nodiscard]] std::string checksum_of(const StoredClassTable& stored);

}  // namespace octroi::sqlite
