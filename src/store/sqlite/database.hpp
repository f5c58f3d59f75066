// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

// SQLite's C interface as RAII values with Results. No knowledge of ledgers, except in the texts of
// errors. One thread at a time.

#include <sqlite3.h>

#include <cstdint>
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <string_view>

#include "base/result.hpp"
#include "base/time.hpp"

namespace octroi::sqlite {

class Database {
public:
    // flags: SQLITE_OPEN_READONLY and so on. uri: opened in place of the path, which is then for
    // messages. Does not read the file yet.
    [[nodiscard]] static Result<Database> open(const std::string& path, int flags,
                                               const std::string& uri = {});

    [[nodiscard]] const std::string& path() const noexcept { return path_; }
    [[nodiscard]] sqlite3* handle() const noexcept { return handle_.get(); }

    // Runs one or more statements; rows that they return are ignored.
    [[nodiscard]] Status run(const char* sql) const;
    // The first column of the first row; 0 if there is no row.
    [[nodiscard]] Result<std::int64_t> number(const char* sql) const;
    // From now on a statement ends with the error interrupted soon after `stop` returns true, which
    // is asked several hundred times a second while a statement runs.
    void stop_when(std::function<bool()> stop);
    // The Error for the call that has just failed with this result code. Names the ledger, the text
    // of SQLite and the system, and what to do next. Call it before any other call of SQLite.
    [[nodiscard]] Error error(int result_code) const;

private:
    struct Close {
        void operator()(sqlite3* handle) const noexcept { sqlite3_close_v2(handle); }
    };
    Database(sqlite3* handle, std::string path) : handle_(handle), path_(std::move(path)) {}

    // Before the handle, which refers to it.
    std::unique_ptr<std::function<bool()>> stop_;
    std::unique_ptr<sqlite3, Close> handle_;
    std::string path_;
};

// A prepared statement. Parameters are numbered from 1 and columns from 0, as in SQLite. Bound
// texts and blobs are not copied: they must live until the statement is reset. The database must
// outlive the statement.
class Statement {
public:
    Statement() = default;
    [[nodiscard]] static Result<Statement> prepare(const Database& db, std::string_view sql);

    void bind(int parameter, std::int64_t value) { sqlite3_bind_int64(get(), parameter, value); }
    void bind(int parameter, std::uint64_t value) {
        bind(parameter, static_cast<std::int64_t>(value));
    }
    void bind(int parameter, UtcTime value) { bind(parameter, value.ns); }
    void bind_text(int parameter, std::string_view value);
    void bind_blob(int parameter, std::string_view value);
    void bind_null(int parameter) { sqlite3_bind_null(get(), parameter); }
    void bind_optional(int parameter, const std::optional<std::uint64_t>& value);

    // Advances to the next row. False: there is none. After false or an error the statement is
    // reset and can be bound again; after true the caller steps on or calls reset().
    [[nodiscard]] Result<bool> step();
    // Runs a statement that returns no rows, and resets it.
    [[nodiscard]] Status run();
    void reset() noexcept { sqlite3_reset(get()); }

    [[nodiscard]] std::int64_t number(int column) const {
        return sqlite3_column_int64(get(), column);
    }
    // An unsigned figure. SQLite stores signed numbers, so a negative one, which only a damaged
    // ledger contains, becomes greater than figure_max and violates a rule.
    [[nodiscard]] std::uint64_t figure(int column) const {
        return static_cast<std::uint64_t>(number(column));
    }
    [[nodiscard]] UtcTime time(int column) const { return UtcTime{number(column)}; }
    [[nodiscard]] bool is_null(int column) const {
        return sqlite3_column_type(get(), column) == SQLITE_NULL;
    }
    [[nodiscard]] std::optional<std::uint64_t> optional_figure(int column) const;
    // A text or blob; valid until the next step() or reset(). NULL: empty.
    [[nodiscard]] std::string_view octets(int column) const;
    [[nodiscard]] std::string text(int column) const { return std::string(octets(column)); }

private:
    struct Finalize {
        void operator()(sqlite3_stmt* statement) const noexcept { sqlite3_finalize(statement); }
    };
    [[nodiscard]] sqlite3_stmt* get() const noexcept { return statement_.get(); }

    const Database* db_ = nullptr;
    std::unique_ptr<sqlite3_stmt, Finalize> statement_;
};

// Begins a transaction and rolls it back at the end of the scope unless it was committed. Within
// another transaction it does nothing: the outer one commits or rolls back.
class Transaction {
public:
    // read: all statements see the same state. write: also takes the write lock, waiting for
    // another writer up to the busy timeout (error: busy). try_write: does not wait.
    enum class Kind { read, write, try_write };
    [[nodiscard]] static Result<Transaction> begin(const Database& db, Kind kind);
    Transaction(Transaction&& other) noexcept : db_(std::exchange(other.db_, nullptr)) {}
    Transaction& operator=(Transaction&&) = delete;
    ~Transaction();

    [[nodiscard]] Status commit();

private:
    explicit Transaction(const Database* db) : db_(db) {}
    const Database* db_;
};

}  // namespace octroi::sqlite
