// SPDX-License-Identifier: GPL-3.0-or-later
#include "store/sqlite/schema.hpp"

#include <fmt/format.h>

#include "host/log.hpp"
#include "store/sqlite/schema_sql.hpp"

namespace octroi::sqlite {
namespace {

// 0: the database is empty.
Result<std::int64_t> format_of(const Database& db) {
    // In one transaction, because another process may be creating the ledger at the same time.
    TRY_ASSIGN(auto transaction, Transaction::begin(db, Transaction::Kind::read));
    TRY_ASSIGN(const std::int64_t tables_there, db.number("SELECT count(*) FROM sqlite_schema"));
    TRY_ASSIGN(const std::int64_t id, db.number("PRAGMA application_id"));
    TRY_ASSIGN(const std::int64_t format, db.number("PRAGMA user_version"));
    if (id == 0 && format == 0 && tables_there == 0) return 0;
    if (id != application_id || format < 1)
        return fail(ErrorCode::corrupt,
                    fmt::format("{} is an SQLite database, but not a ledger", db.path()));
    if (format > ledger_format)
        return fail(ErrorCode::unsupported,
                    fmt::format("ledger {}: a newer Octroi made it, with format {}; this one reads "
                                "format {}; next: upgrade Octroi",
                                db.path(), format, ledger_format));
    if (format < first_ledger_format)
        return fail(ErrorCode::unsupported,
                    fmt::format("ledger {}: it has format {} of a version of Octroi before its "
                                "first release; this one reads format {}; next: choose another "
                                "ledger (--ledger) and import the traffic again",
                                db.path(), format, ledger_format));
    return format;
}

Status add_derived(const Database& db) {
    TRY(db.run(translation_indices));
    return db.run(identity_table);
}

// A ledger of an earlier Octroi gets what it lacks beside the rows of its batches.
Status add_missing(const Database& db) {
    constexpr const char* missing =
        "SELECT count(*) < 3 FROM sqlite_schema WHERE name IN ('translation_open', 'identity', "
        "'identity_progress')";
    TRY_ASSIGN(const std::int64_t is_missing, db.number(missing));
    if (is_missing == 0) return {};
    TRY_ASSIGN(auto transaction, Transaction::begin(db, Transaction::Kind::write));
    TRY(db.run("DROP INDEX IF EXISTS translation_by_end"));
    TRY(add_derived(db));
    TRY(db.run(identity_tables));
    return transaction.commit();
}

// From the first one. A new table of accounts, because the text of its definition must be that of
// a new ledger.
Status raise_format(const Database& db) {
    TRY_ASSIGN(auto transaction, Transaction::begin(db, Transaction::Kind::write));
    // Read again under the write lock: another process may have done it meanwhile.
    TRY_ASSIGN(const std::int64_t format, db.number("PRAGMA user_version"));
    if (format == ledger_format) return {};
    TRY(db.run("ALTER TABLE account RENAME TO account_before"));
    TRY(db.run(account_table));
    TRY(
        db.run("INSERT INTO account (name, parent, title, added, removed, email) "
               "SELECT name, parent, title, added, removed, '' FROM account_before"));
    TRY(db.run("DROP TABLE account_before"));  // and its indices
    TRY(db.run(account_indices));
    TRY(db.run(identity_tables));
    TRY(db.run(fmt::format("PRAGMA user_version = {}", ledger_format).c_str()));
    TRY(transaction.commit());
    log_info(
        fmt::format("ledger {}: its format is now {}, it was {}. Earlier versions of Octroi cannot "
                    "open it any more. Next: make a new backup with `octroi ledger backup`, and "
                    "keep older ones if you may go back to an earlier version",
                    db.path(), ledger_format, format));
    return {};
}

// A name without a schema is looked up in `temp` first, which is of this connection alone.
Status read_without_email(const Database& db) {
    return db.run(
        "CREATE TEMP VIEW account AS SELECT name, parent, title, '' AS email, added, removed FROM "
        "main.account");
}

}  // namespace

Status make_tables(const Database& db, std::int64_t format) {
    const bool is_first = format == first_ledger_format;
    TRY(db.run(tables));
    TRY(db.run(is_first ? account_table_without_email : account_table));
    TRY(db.run(account_indices));
    TRY(add_derived(db));
    if (!is_first) TRY(db.run(identity_tables));
    TRY(db.run(fmt::format("PRAGMA application_id = {}", application_id).c_str()));
    return db.run(fmt::format("PRAGMA user_version = {}", format).c_str());
}

Status prepare_tables(const Database& db, bool may_write) {
    TRY_ASSIGN(std::int64_t format, format_of(db));
    if (format == first_ledger_format) {
        if (!may_write) return read_without_email(db);
        TRY(raise_format(db));
        format = ledger_format;
    }
    if (format == ledger_format) return may_write ? add_missing(db) : Status();
    if (!may_write)
        return fail(ErrorCode::corrupt,
                    fmt::format("{} is an empty database, not a ledger", db.path()));
    TRY_ASSIGN(auto transaction, Transaction::begin(db, Transaction::Kind::write));
    // Read again under the write lock: another process may have made the tables meanwhile.
    TRY_ASSIGN(format, format_of(db));
    if (format == ledger_format) return {};
    TRY(make_tables(db, ledger_format));
    return transaction.commit();
}

}  // namespace octroi::sqlite
