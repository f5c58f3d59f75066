// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

// The file of a ledger before SQLite opens it: SQLite waits for ever on a FIFO, creates a database
// in an empty file, and reports most other reasons with one code.

#include <string>

#include "base/result.hpp"
#include "ledger/ledger.hpp"

namespace octroi::sqlite {

// Errors: not_found, permission, corrupt (a folder, a FIFO, a device, a socket; without
// OpenMode::create also an empty file), failed. A new file is allowed with OpenMode::create only.
[[nodiscard]] Status check_ledger_file(const std::string& path, OpenMode mode);

// How to open a ledger for reading on media that cannot be written: SQLite cannot create the files
// beside it that a database with a write-ahead log needs.
struct ReadOnlyMedia {
    std::string uri;  // for SQLITE_OPEN_URI; empty: the file can be opened as usual
    // The log holds the last commits. The connection must use PRAGMA locking_mode = EXCLUSIVE, so
    // that its index is in memory.
    bool reads_log = false;
};
[[nodiscard]] ReadOnlyMedia read_only_media(const std::string& path);

}  // namespace octroi::sqlite
