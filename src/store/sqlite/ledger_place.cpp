// SPDX-License-Identifier: GPL-3.0-or-later
#include "store/sqlite/ledger_place.hpp"

#include <fmt/format.h>

#include "host/file.hpp"

namespace octroi::sqlite {
namespace {

std::unexpected<Error> is_gone(const Database& db, std::string_view what) {
    return fail(ErrorCode::not_found,
                fmt::format("ledger {}: {} was removed or replaced while it was in use, so nothing "
                            "more is written; next: stop octroi, put the files back (with -wal), "
                            "and start it again. Journals of collectors are kept",
                            db.path(), what));
}

}  // namespace

Status LedgerPlace::check(const Database& db) {
    int has_moved = 0;
    if (sqlite3_file_control(db.handle(), "main", SQLITE_FCNTL_HAS_MOVED, &has_moved) ==
            SQLITE_OK &&
        has_moved != 0)
        return is_gone(db, "the database");
    const char* const database = sqlite3_db_filename(db.handle(), "main");
    if (database == nullptr || *database == 0) return {};  // in memory
    const auto found = status_of(sqlite3_filename_wal(database));
    if (!found) return is_gone(db, "its write-ahead log");
    const std::pair log{found->device, found->inode};
    if (!log_) log_ = log;
    return *log_ == log ? Status() : Status(is_gone(db, "its write-ahead log"));
}

}  // namespace octroi::sqlite
