// SPDX-License-Identifier: GPL-3.0-or-later
#include <fmt/format.h>

#include <filesystem>

#include "base/check.hpp"
#include "base/narrow.hpp"
#include "host/host_name.hpp"
#include "store/sqlite/ledger_file.hpp"
#include "store/sqlite/process_lock.hpp"
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

// Creates missing folders. Only owner and group can read them, because a ledger is personal data:
// it says who communicated with whom.
Status make_folders(const fs::path& folder) {
    std::error_code error;
    if (folder.empty() || fs::exists(folder, error)) return {};
    TRY(make_folders(folder.parent_path()));
    if (!fs::create_directory(folder, error) && error)
        return fail(code_of(error),
                    fmt::format("cannot create the folder {} for the ledger: {}; next: choose "
                                "another path with --ledger",
                                folder.string(), error.message()));
    fs::permissions(folder, fs::perms::owner_all | fs::perms::group_read | fs::perms::group_exec,
                    error);
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

Result<sqlite::Database> open_database(const std::string& path, OpenMode mode) {
    if (mode != OpenMode::read_only) return sqlite::Database::open(path, flags_of(mode));
    const sqlite::ReadOnlyMedia media = sqlite::read_only_media(path);
    if (media.uri.empty()) return sqlite::Database::open(path, flags_of(mode));
    TRY_ASSIGN(auto db, sqlite::Database::open(path, flags_of(mode) | SQLITE_OPEN_URI, media.uri));
    if (media.reads_log) TRY(db.run("PRAGMA locking_mode = EXCLUSIVE"));
    return db;
}

Status configure(const sqlite::Database& db, const LedgerOptions& options) {
    sqlite3_busy_timeout(db.handle(), narrow<int>(options.busy_timeout.ns / 1'000'000));
    // A ledger from another person may have a hostile schema. These two forbid writing to the
    // schema and calling functions with side effects from views and triggers.
    sqlite3_db_config(db.handle(), SQLITE_DBCONFIG_DEFENSIVE, 1, nullptr);
    sqlite3_db_config(db.handle(), SQLITE_DBCONFIG_TRUSTED_SCHEMA, 0, nullptr);
    // With WAL, NORMAL keeps the database intact in a power cut but may lose commits that were
    // reported as done: their readings would be gone.
    TRY(db.run("PRAGMA synchronous = FULL"));
    TRY(db.run("PRAGMA cache_size = -32768"));  // KiB
    // After a big commit the WAL is truncated to this size (octets) at the next checkpoint.
    TRY(db.run("PRAGMA journal_size_limit = 16777216"));
    return {};
}

// Several processes may create the same ledger at the same time. The change to WAL needs an
// exclusive lock, and SQLite does not wait for it while it has a shared one: two processes would
// wait for each other. BEGIN EXCLUSIVE waits without holding a lock, then the change is tried
// again.
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

SqliteLedger::SqliteLedger(sqlite::Database db, Fd owner_lock, const LedgerOptions& options)
    : db_(std::move(db)),
      owner_lock_(std::move(owner_lock)),
      own_(options.node.empty() ? host_name() : options.node),
      days_(db_, options.day_of) {}

Result<std::unique_ptr<SqliteLedger>> SqliteLedger::open(const std::string& path,
                                                         const LedgerOptions& options) {
    const bool may_write = options.mode != OpenMode::read_only;
    std::error_code ignored;
    // Before SQLite creates the file: the mode of an existing ledger is not changed.
    const bool is_new = !fs::exists(path, ignored);
    if (options.mode == OpenMode::create) TRY(make_folders(fs::path(path).parent_path()));
    TRY(sqlite::check_ledger_file(path, options.mode));
    Fd owner_lock;
    if (!options.owner.empty()) {
        TRY_ASSIGN(owner_lock, sqlite::lock_for_owner(path, options.activity, options.owner));
    }
    TRY_ASSIGN(auto db, open_database(path, options.mode));
    // The folder may be readable by all. SQLite creates -wal and -shm with the mode of this file.
    if (is_new) fs::permissions(path, fs::perms::others_all, fs::perm_options::remove, ignored);
    TRY(configure(db, options));
    // Before use_wal(), so that a database of another program is refused unchanged.
    TRY(sqlite::prepare_tables(db, may_write));
    if (may_write) TRY(use_wal(db));
    if (!may_write && options.stop_requested) db.stop_when(options.stop_requested);
    return std::make_unique<SqliteLedger>(std::move(db), std::move(owner_lock), options);
}

// A read transaction of WAL sees the database as of its first read, whatever is committed
// meanwhile.
Status SqliteLedger::snapshot(const std::function<Status()>& inside) {
    TRY_ASSIGN(auto transaction, sqlite::Transaction::begin(db_, sqlite::Transaction::Kind::read));
    TRY(inside());
    return transaction.commit();
}

}  // namespace octroi
