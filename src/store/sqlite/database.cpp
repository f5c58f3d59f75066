// SPDX-License-Identifier: GPL-3.0-or-later
#include "store/sqlite/database.hpp"

#include <fmt/format.h>

#include <cerrno>
#include <cstring>
#include <utility>

#include "base/check.hpp"
#include "base/narrow.hpp"
#include "store/sqlite/process_lock.hpp"

namespace octroi::sqlite {
namespace {

constexpr std::string_view next_for_permission =
    "run as root, as the user that owns the file and its folder, or, to read while the daemon "
    "runs, "
    "as a member of their group (docs/operating.md); `octroi ledger backup FILE` by one of them "
    "gives "
    "a copy";

bool is_out_of_space(int result_code, int system_error) {
    if ((result_code & 0xFF) == SQLITE_FULL) return true;
    return (result_code & 0xFF) == SQLITE_IOERR &&
           (system_error == ENOSPC || system_error == EDQUOT || system_error == EFBIG);
}

std::string busy_text(const std::string& path) {
    const std::string writer = writer_of(path);
    return fmt::format("ledger {}: {} is writing and did not finish in time; next: try again", path,
                       writer.empty() ? "another process" : writer);
}

}  // namespace

Result<Database> Database::open(const std::string& path, int flags, const std::string& uri) {
    sqlite3* handle = nullptr;
    // NOMUTEX: one thread uses a database at a time (database.hpp), so SQLite need not lock.
    const int code = sqlite3_open_v2((uri.empty() ? path : uri).c_str(), &handle,
                                     flags | SQLITE_OPEN_NOMUTEX, nullptr);
    CHECK(handle != nullptr);  // null only when there is no memory
    Database db(handle, path);
    sqlite3_extended_result_codes(handle, 1);
    if (code != SQLITE_OK) return std::unexpected(db.error(sqlite3_extended_errcode(handle)));
    return db;
}

void Database::stop_when(std::function<bool()> stop) {
    constexpr int instructions = 10'000;  // of SQLite's virtual machine: less than 1 ms
    stop_ = std::make_unique<std::function<bool()>>(std::move(stop));
    sqlite3_progress_handler(
        handle(), instructions,
        [](void* asked) { return (*static_cast<std::function<bool()>*>(asked))() ? 1 : 0; },
        stop_.get());
}

Status Database::run(const char* sql) const {
    const int code = sqlite3_exec(handle(), sql, nullptr, nullptr, nullptr);
    if (code != SQLITE_OK) return std::unexpected(error(code));
    return {};
}

Result<std::int64_t> Database::number(const char* sql) const {
    TRY_ASSIGN(auto statement, Statement::prepare(*this, sql));
    TRY_ASSIGN(const bool row, statement.step());
    if (!row) return 0;
    return statement.number(0);
}

Error Database::error(int result_code) const {
    const int system_error = sqlite3_system_errno(handle());
    const std::string message = sqlite3_errmsg(handle());
    const auto with_message = [&](ErrorCode code, std::string_view next) {
        std::string text = fmt::format("ledger {}: {}", path_, message);
        // The system error may be left over from an earlier call; a constraint has none.
        if (system_error != 0 && (result_code & 0xFF) != SQLITE_CONSTRAINT)
            text += fmt::format(" ({})", std::strerror(system_error));
        return Error{code, next.empty() ? text : fmt::format("{}; next: {}", text, next)};
    };
    if (is_out_of_space(result_code, system_error))
        return Error{ErrorCode::no_space,
                     fmt::format("ledger {}: the disk is full; nothing of this was written; next: "
                                 "free some space, then try again",
                                 path_)};
    switch (result_code & 0xFF) {
        case SQLITE_BUSY:
        case SQLITE_LOCKED:
            return Error{ErrorCode::busy, busy_text(path_)};
        case SQLITE_INTERRUPT:
            return Error{ErrorCode::interrupted,
                         fmt::format("ledger {}: stopped before the end", path_)};
        case SQLITE_CORRUPT:
            return with_message(ErrorCode::corrupt,
                                "run `octroi audit`, or restore the ledger from a backup");
        case SQLITE_NOTADB:
            return Error{ErrorCode::corrupt,
                         fmt::format("{} is not a ledger: it is not an SQLite database", path_)};
        case SQLITE_READONLY:
        case SQLITE_PERM:
        case SQLITE_AUTH:
            return with_message(ErrorCode::permission, next_for_permission);
        case SQLITE_CANTOPEN:
            if (system_error == EACCES || system_error == EPERM || system_error == EROFS)
                return with_message(ErrorCode::permission, next_for_permission);
            return with_message(ErrorCode::failed, "");
        default:
            return with_message(ErrorCode::failed, "");
    }
}

Result<Statement> Statement::prepare(const Database& db, std::string_view sql) {
    sqlite3_stmt* handle = nullptr;
    const int code = sqlite3_prepare_v3(db.handle(), sql.data(), narrow<int>(sql.size()),
                                        SQLITE_PREPARE_PERSISTENT, &handle, nullptr);
    if (code != SQLITE_OK) return std::unexpected(db.error(code));
    Statement statement;
    statement.db_ = &db;
    statement.statement_.reset(handle);
    return statement;
}

void Statement::bind_text(int parameter, std::string_view value) {
    // SQLite takes a null pointer as NULL, not as the empty text.
    const char* data = value.empty() ? "" : value.data();
    sqlite3_bind_text(get(), parameter, data, narrow<int>(value.size()), SQLITE_STATIC);
}

void Statement::bind_blob(int parameter, std::string_view value) {
    const char* data = value.empty() ? "" : value.data();
    sqlite3_bind_blob(get(), parameter, data, narrow<int>(value.size()), SQLITE_STATIC);
}

void Statement::bind_optional(int parameter, const std::optional<std::uint64_t>& value) {
    if (value)
        bind(parameter, *value);
    else
        bind_null(parameter);
}

Result<bool> Statement::step() {
    const int code = sqlite3_step(get());
    if (code == SQLITE_ROW) return true;
    if (code == SQLITE_DONE) {
        reset();
        return false;
    }
    auto error = std::unexpected(db_->error(code));
    reset();
    return error;
}

Status Statement::run() {
    TRY_ASSIGN(const bool row, step());
    CHECK(!row);
    return {};
}

std::optional<std::uint64_t> Statement::optional_figure(int column) const {
    if (is_null(column)) return std::nullopt;
    return figure(column);
}

std::string_view Statement::octets(int column) const {
    // sqlite3_column_blob also returns the octets of a text. It must be called before _bytes, which
    // would otherwise refer to another encoding.
    const void* data = sqlite3_column_blob(get(), column);
    const int size = sqlite3_column_bytes(get(), column);
    if (data == nullptr || size == 0) return {};
    return {static_cast<const char*>(data), static_cast<std::size_t>(size)};
}

Result<Transaction> Transaction::begin(const Database& db, Kind kind) {
    if (sqlite3_get_autocommit(db.handle()) == 0) return Transaction(nullptr);
    // IMMEDIATE takes the write lock now. With a plain BEGIN the first write would take it, and
    // could fail with busy in the middle of the transaction.
    if (kind == Kind::try_write) {
        TRY_ASSIGN(const std::int64_t timeout, db.number("PRAGMA busy_timeout"));
        sqlite3_busy_timeout(db.handle(), 0);
        const Status begun = db.run("BEGIN IMMEDIATE");
        sqlite3_busy_timeout(db.handle(), static_cast<int>(timeout));
        TRY(begun);
        return Transaction(&db);
    }
    TRY(db.run(kind == Kind::write ? "BEGIN IMMEDIATE" : "BEGIN"));
    return Transaction(&db);
}

Transaction::~Transaction() {
    // After some errors SQLite has rolled back itself (autocommit is on again).
    if (db_ != nullptr && sqlite3_get_autocommit(db_->handle()) == 0)
        sqlite3_exec(db_->handle(), "ROLLBACK", nullptr, nullptr, nullptr);
}

Status Transaction::commit() {
    if (db_ == nullptr) return {};
    TRY(db_->run("COMMIT"));
    db_ = nullptr;
    return {};
}

}  // namespace octroi::sqlite
