// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

// SQLite's C interface as values that clean up after themselves. Nothing here knows of ledgers.
// Everything belongs to one thread.

#include <sqlite3.h>

#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <string_view>

#include "base/result.hpp"
#include "base/time.hpp"

namespace octroi::sqlite {

class Database {
public:
    // flags: SQLITE_OPEN_…
    [[nodiscard]] static Result<Database> open(const std::string& path, int flags);

    [[nodiscard]] const std::string& path() const noexcept { return path_; }
    [[nodiscard]] sqlite3* handle() const noexcept { return handle_.get(); }

    // Runs statements that give no rows.
    [[nodiscard]] Status run(const char* sql) const;
    // The first column of the first row of a statement that gives one.
    [[nodiscard]] Result<std::int64_t> number(const char* sql) const;
    // The error that SQLite has just reported, told for people, with the code that fits.
    [[nodiscard]] Error error(int result_code) const;

private:
    struct Close {
        void operator()(sqlite3* handle) const noexcept { sqlite3_close_v2(handle); }
    };
    Database(sqlite3* handle, std::string path) : handle_(handle), path_(std::move(path)) {}

    std::unique_ptr<sqlite3, Close> handle_;
    std::string path_;
};

// A prepared statement. Parameters and columns count from 1 and from 0, as in SQLite. Texts and
// blobs that are bound must live until the statement has been reset. The database must outlive it.
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

    // Whether there is a (next) row. After false, or an error, the statement is reset.
    [[nodiscard]] Result<bool> step();
    // Runs a statement that gives no rows, and resets it.
    [[nodiscard]] Status run();
    void reset() noexcept { sqlite3_reset(get()); }

    [[nodiscard]] std::int64_t number(int column) const {
        return sqlite3_column_int64(get(), column);
    }
    // Figures are stored signed; one that somebody made negative comes out beyond 2^63.
    [[nodiscard]] std::uint64_t figure(int column) const {
        return static_cast<std::uint64_t>(number(column));
    }
    [[nodiscard]] UtcTime time(int column) const { return UtcTime{number(column)}; }
    [[nodiscard]] bool is_null(int column) const {
        return sqlite3_column_type(get(), column) == SQLITE_NULL;
    }
    [[nodiscard]] std::optional<std::uint64_t> optional_figure(int column) const;
    // Text or blob; valid until the next step.
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

// BEGIN now, ROLLBACK at the end of the scope unless committed. Inside another transaction it does
// nothing at all: the outer one decides.
class Transaction {
public:
    enum class Kind { read, write };
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
