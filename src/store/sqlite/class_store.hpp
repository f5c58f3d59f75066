// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

// Class tables as they are stored, for the ledger and its self-check.

#include <optional>
#include <string>
#include <string_view>

#include "ledger/directory_store.hpp"
#include "store/sqlite/database.hpp"

namespace octroi::sqlite {

struct StoredClassTable {
    ClassTable table;
    std::string name;
    UtcTime loaded_at;
    std::uint64_t prefixes = 0;
    std::string checksum;
};

// nullopt: there is no table of this version. corrupt: the rows do not match the checksum.
[[nodiscard]] Result<std::optional<StoredClassTable>> read_class_table(const Database& db,
                                                                       std::string_view version);
// A hash over everything that is stored of the table, without `checksum` itself.
[[nodiscard]] std::string checksum_of(const StoredClassTable& stored);

}  // namespace octroi::sqlite
