// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

// Whether the files that a process has open are still those with the names of the ledger. A file
// that another program has removed or replaced can still be written, but nobody finds it again.

#include <cstdint>
#include <optional>
#include <utility>

#include "base/result.hpp"
#include "store/sqlite/database.hpp"

namespace octroi::sqlite {

class LedgerPlace {
public:
    // Call it in a write transaction, and after it: then SQLite has the write-ahead log open.
    // Error: not_found.
    [[nodiscard]] Status check(const Database& db);

private:
    // Device and inode of the write-ahead log, since the first check. As long as a process has the
    // database open, no other one replaces the log.
    std::optional<std::pair<std::uint64_t, std::uint64_t>> log_;
};

}  // namespace octroi::sqlite
