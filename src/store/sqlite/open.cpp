// SPDX-License-Identifier: GPL-3.0-or-later
#include <fmt/format.h>

#include <filesystem>

#include "base/check.hpp"
#include "base/narrow.hpp"
#include "store/sqlite/holder.hpp"
#include "store/sqlite/schema.hpp"
#include "store/sqlite/sqlite_ledger.hpp"

namespace octroi {
namespace {

namespace fs = std::filesystem;

ErrorCode code_of(const std::error_code& error) {
    if (error == std::errc::permission_denied || error == std::errc::operation_not_permitted ||
        error == std::errc::read_only_file_system)
        return ErrorCode::permission;
    if (error == std::errc::no_space_on_device) return ErrorCode::no_space;
    return ErrorCode::failed;
}

// Makes the folders of the ledger that are missing, readable by their owner and group only: whose
// traffic it was is nobody else's business.
Status make_folders(const fs::path& folder) {
    std::error_code error;
    if (folder.empty() || fs::exists(folder, error)) return {};
    TRY(make_folders(folder.parent_path()));
    if (!fs::create_directory(folder, error) && error)
        return fail(code_of(error),
                    fmt::format("cannot make the folder {} for the ledger: {}; name another place "
                                "with --ledger",
                                folder.string(), error.message()));
    fs::permissions(folder, fs::perms::owner_all | fs::perms::group_read | fs::perms::group_exec,
                    error);
    return {};
}

Status check_there(const std::string& path) {
    std::error_code error;
    const fs::file_status status = fs::status(path, error);
    if (status.type() == fs::file_type::not_found)
        return fail(ErrorCode::not_found,
                    fmt::format("there is no ledger at {}; `octroi run` or `octroi import` makes "
                                "one, --ledger names another",
                                path));
    if (error)
        return fail(code_of(error), fmt::format("cannot open the ledger {}: {}; run as root, or as "
                                                "the user that owns it",
                                                path, error.message()));
    if (status.type() == fs::file_type::directory)
        return fail(ErrorCode::corrupt, fmt::format("{} is a folder, not a ledger", path));
    return {};
}

int flags_of(OpenMode mode) {
    switch (mode) {
        case OpenMode::read_only:
            return SQLITE_OPEN_READONLY;
        case OpenMode::read_write:
            return SQLITE_OPEN_READWRITE;
        case OpenMode::create:
            return SQLITE_OPEN_READWRITE | SQLITE_OPEN_CREATE;
    }
    CHECK(false);
}

Status configure(const sqlite::Database& db, const LedgerOptions& options) {
    sqlite3_busy_timeout(db.handle(), narrow<int>(options.busy_timeout.ns / 1'000'000));
    // A file that somebody sends us may hold functions in its schema: run none with side effects.
    sqlite3_db_config(db.handle(), SQLITE_DBCONFIG_DEFENSIVE, 1, nullptr);
    sqlite3_db_config(db.handle(), SQLITE_DBCONFIG_TRUSTED_SCHEMA, 0, nullptr);
    TRY(db.run("PRAGMA synchronous = FULL"));
    TRY(db.run("PRAGMA cache_size = -32768"));  // KiB
    // What a big commit left behind in the log is given back to the file system.
    TRY(db.run("PRAGMA journal_size_limit = 16777216"));
    return {};
}

// While several processes make the same ledger. SQLite gives up at once here instead of waiting: it
// holds a lock on the file itself while it asks for a stronger one. Waiting without one is allowed.
Status use_wal(const sqlite::Database& db) {
    constexpr int attempts_max = 100;
    for (int attempt = 1;; ++attempt) {
        const Status status = db.run("PRAGMA journal_mode = WAL");
        if (status || status.error().code != ErrorCode::busy || attempt == attempts_max)
            return status;
        TRY(db.run("BEGIN EXCLUSIVE"));
        TRY(db.run("ROLLBACK"));
    }
}

}  // namespace

Result<std::unique_ptr<SqliteLedger>> SqliteLedger::open(const std::string& path,
                                                         const LedgerOptions& options) {
    const bool may_write = options.mode != OpenMode::read_only;
    std::error_code ignored;
    const bool is_new = !fs::exists(path, ignored);
    if (options.mode == OpenMode::create) {
        TRY(make_folders(fs::path(path).parent_path()));
    } else {
        TRY(check_there(path));
    }
    Fd hold;
    if (!options.owner.empty()) {
        TRY_ASSIGN(hold, sqlite::hold(path, options.owner));
    }
    TRY_ASSIGN(auto db, sqlite::Database::open(path, flags_of(options.mode)));
    // Also in a folder that is open to all; SQLite gives its other files the rights of this one.
    if (is_new) fs::permissions(path, fs::perms::others_all, fs::perm_options::remove, ignored);
    TRY(configure(db, options));
    // Before the mode is changed: a foreign database is left as it is.
    TRY(sqlite::migrate(db, sqlite::migration_steps(), may_write));
    if (may_write) TRY(use_wal(db));
    return std::make_unique<SqliteLedger>(std::move(db), std::move(hold));
}

Status SqliteLedger::snapshot(const std::function<Status()>& inside) {
    TRY_ASSIGN(auto transaction, sqlite::Transaction::begin(db_, sqlite::Transaction::Kind::read));
    TRY(inside());
    return transaction.commit();
}

}  // namespace octroi
