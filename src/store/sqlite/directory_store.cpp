// SPDX-License-Identifier: GPL-3.0-or-later
// The directory in SQLite. A row is valid from the version `added` until before the version
// `removed`; a row without `removed` is valid now. Rows are never deleted.
#include <fmt/format.h>

#include "ledger/rules.hpp"
#include "store/sqlite/directory_rows.hpp"
#include "store/sqlite/rows.hpp"
#include "store/sqlite/sqlite_ledger.hpp"

namespace octroi {
namespace {

using sqlite::Database;
using sqlite::Statement;

// Ends the row of a key that is valid now, if there is one.
template <typename Bind>
Status end_row(const Database& db, const char* table, const char* key, std::uint64_t version,
               Bind bind) {
    TRY_ASSIGN(auto end,
               Statement::prepare(db, fmt::format("UPDATE {} SET removed = ?1 WHERE {} = ?2 AND "
                                                  "removed IS NULL",
                                                  table, key)));
    end.bind(1, version);
    bind(end);
    return end.run();
}

Status write_accounts(const Database& db, const DirectoryDelta& delta) {
    const auto end = [&](const std::string& name) {
        return end_row(db, "account", "name", delta.version,
                       [&](Statement& statement) { statement.bind_text(2, name); });
    };
    TRY_ASSIGN(auto insert, Statement::prepare(db,
                                               "INSERT INTO account (name, parent, title, "
                                               "email, added) VALUES (?1, ?2, ?3, ?4, ?5)"));
    for (const std::string& name : delta.accounts_removed) TRY(end(name));
    for (const Account& account : delta.accounts) {
        TRY(end(account.name));
        insert.bind_text(1, account.name);
        insert.bind_text(2, account.parent);
        insert.bind_text(3, account.title);
        insert.bind_text(4, account.email);
        insert.bind(5, delta.version);
        TRY(insert.run());
    }
    return {};
}

Status write_bindings(const Database& db, const DirectoryDelta& delta) {
    const auto end = [&](std::uint64_t id) {
        return end_row(db, "binding", "binding_id", delta.version,
                       [&](Statement& statement) { statement.bind(2, id); });
    };
    TRY_ASSIGN(auto insert,
               Statement::prepare(db,
                                  "INSERT INTO binding (binding_id, kind, value, account, "
                                  "begin_at, end_at, per_address, added) "
                                  "VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8)"));
    for (const std::uint64_t id : delta.bindings_removed) TRY(end(id));
    for (const Binding& binding : delta.bindings) {
        TRY(end(binding.id));
        insert.bind(1, binding.id);
        insert.bind(2, static_cast<std::int64_t>(binding.identity.kind));
        insert.bind_text(3, binding.identity.value);
        insert.bind_text(4, binding.account);
        insert.bind(5, binding.valid.begin);
        insert.bind(6, binding.valid.end);
        insert.bind(7, std::int64_t{binding.per_address ? 1 : 0});
        insert.bind(8, delta.version);
        TRY(insert.run());
    }
    return {};
}

Status write_networks(const Database& db, const DirectoryDelta& delta) {
    const auto end = [&](const std::string& prefix) {
        return end_row(db, "network", "prefix", delta.version,
                       [&](Statement& statement) { statement.bind_text(2, prefix); });
    };
    TRY_ASSIGN(auto insert, Statement::prepare(db,
                                               "INSERT INTO network (prefix, per_address, "
                                               "added) VALUES (?1, ?2, ?3)"));
    for (const std::string& prefix : delta.networks_removed) TRY(end(prefix));
    for (const LocalNetwork& network : delta.networks) {
        TRY(end(network.prefix));
        insert.bind_text(1, network.prefix);
        insert.bind(2, std::int64_t{network.per_address ? 1 : 0});
        insert.bind(3, delta.version);
        TRY(insert.run());
    }
    return {};
}

Status write_version(const Database& db, const DirectoryDelta& delta) {
    std::string previous = zero_hash();
    if (delta.version > 1) {
        TRY_ASSIGN(auto find,
                   Statement::prepare(db, "SELECT hash FROM directory_change WHERE version = ?1"));
        find.bind(1, delta.version - 1);
        TRY_ASSIGN(const bool found, find.step());
        if (!found || find.octets(0).size() != hash_octets)
            return fail(ErrorCode::corrupt,
                        fmt::format("ledger {}: version {} of the directory is damaged; next: run "
                                    "`octroi audit`",
                                    db.path(), delta.version - 1));
        previous = find.text(0);
    }
    const std::string hash = directory_hash(previous, delta);
    TRY_ASSIGN(auto insert, Statement::prepare(db,
                                               "INSERT INTO directory_change (version, at, "
                                               "hash) VALUES (?1, ?2, ?3)"));
    insert.bind(1, delta.version);
    insert.bind(2, delta.at);
    insert.bind_blob(3, hash);
    return insert.run();
}

// Reads the rows that are valid now.
template <typename Read>
auto read_valid(const Database& db, const char* columns, const char* table, Read read)
    -> Result<std::vector<decltype(read(std::declval<const Statement&>()))>> {
    TRY_ASSIGN(auto find, Statement::prepare(db, fmt::format("SELECT {} FROM {} WHERE removed IS "
                                                             "NULL ORDER BY 1",
                                                             columns, table)));
    std::vector<decltype(read(find))> rows;
    while (true) {
        TRY_ASSIGN(const bool row, find.step());
        if (!row) return rows;
        rows.push_back(read(find));
    }
}

Result<std::vector<Account>> read_accounts(const Database& db) {
    return read_valid(db, sqlite::account_columns, "account", sqlite::account_from);
}

Result<Directory> read_directory(const Database& db) {
    Directory directory;
    TRY_ASSIGN(directory.accounts, read_accounts(db));
    TRY_ASSIGN(directory.bindings,
               read_valid(db, sqlite::binding_columns, "binding", sqlite::binding_from));
    TRY_ASSIGN(directory.networks,
               read_valid(db, sqlite::network_columns, "network", sqlite::network_from));
    return directory;
}

// Batches are never deleted, so an account that a batch ever named has traffic.
Result<bool> has_traffic(const Database& db, std::string_view account) {
    TRY_ASSIGN(auto find,
               Statement::prepare(db, "SELECT 1 FROM holder WHERE kind = ?1 AND name = ?2"));
    find.bind(1, static_cast<std::int64_t>(PartyKind::account));
    find.bind_text(2, account);
    return find.step();
}

}  // namespace

Result<std::uint64_t> SqliteLedger::directory_version() {
    TRY_ASSIGN(const std::int64_t version,
               db_.number("SELECT coalesce(max(version), 0) FROM directory_change"));
    return static_cast<std::uint64_t>(version);
}

Result<Directory> SqliteLedger::directory() {
    TRY_ASSIGN(auto transaction, sqlite::Transaction::begin(db_, sqlite::Transaction::Kind::read));
    TRY_ASSIGN(Directory directory, read_directory(db_));
    TRY_ASSIGN(directory.version, directory_version());
    return directory;
}

Result<std::vector<Account>> SqliteLedger::accounts() {
    TRY_ASSIGN(auto transaction, sqlite::Transaction::begin(db_, sqlite::Transaction::Kind::read));
    return read_accounts(db_);
}

// Read, change and write in one write transaction: another process cannot change the directory
// between.
Result<bool> SqliteLedger::apply(const Change& change, UtcTime now) {
    TRY_ASSIGN(auto transaction, sqlite::Transaction::begin(db_, sqlite::Transaction::Kind::write));
    TRY_ASSIGN(const Directory before, directory());
    TRY_ASSIGN(const std::int64_t last_id,
               db_.number("SELECT coalesce(max(binding_id), 0) FROM binding"));
    // The function of ChangeContext cannot return an error, so it is kept aside.
    std::optional<Error> query_error;
    const auto account_has_traffic = [&](std::string_view account) {
        auto answer = has_traffic(db_, account);
        if (!answer) query_error = answer.error();
        return answer.value_or(true);
    };
    auto after = changed_directory(before, change,
                                   {.next_binding_id = static_cast<std::uint64_t>(last_id) + 1,
                                    .has_traffic = account_has_traffic});
    if (query_error) return std::unexpected(*query_error);
    if (!after) return std::unexpected(after.error());
    if (after->version == before.version) return false;
    const DirectoryDelta delta = directory_delta(before, *after, now);
    TRY(write_version(db_, delta));
    TRY(write_accounts(db_, delta));
    TRY(write_bindings(db_, delta));
    TRY(write_networks(db_, delta));
    TRY(transaction.commit());
    return true;
}

}  // namespace octroi
