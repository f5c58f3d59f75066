// SPDX-License-Identifier: GPL-3.0-or-later
// Reads the versions of the directory one after the other, for the audit.
#include <fmt/format.h>

#include "store/sqlite/directory_rows.hpp"
#include "store/sqlite/sqlite_ledger.hpp"

namespace octroi {
namespace {

using sqlite::Database;
using sqlite::Statement;

class DirectoryReader {
public:
    [[nodiscard]] static Result<DirectoryReader> make(const Database& db) {
        DirectoryReader reader;
        struct Kind {
            const char* table;
            const char* key;
            const char* columns;
            Statement* written;
            Statement* removed;
        };
        for (const Kind& kind : {Kind{"account", "name", sqlite::account_columns, &reader.accounts_,
                                      &reader.accounts_removed_},
                                 Kind{"binding", "binding_id", sqlite::binding_columns,
                                      &reader.bindings_, &reader.bindings_removed_},
                                 Kind{"network", "prefix", sqlite::network_columns,
                                      &reader.networks_, &reader.networks_removed_}}) {
            TRY_ASSIGN(*kind.written,
                       Statement::prepare(db, fmt::format("SELECT {} FROM {} WHERE added = ?1 "
                                                          "ORDER BY 1",
                                                          kind.columns, kind.table)));
            // Without the rows that the same version replaced: those are `written`.
            TRY_ASSIGN(*kind.removed,
                       Statement::prepare(
                           db, fmt::format("SELECT {1} FROM {0} o WHERE removed = ?1 AND NOT "
                                           "EXISTS (SELECT 1 FROM {0} n WHERE n.{1} = o.{1} AND "
                                           "n.added = ?1) ORDER BY 1",
                                           kind.table, kind.key)));
        }
        return reader;
    }

    [[nodiscard]] Status read(DirectoryDelta& delta) {
        TRY(each(accounts_, delta.version,
                 [&](auto& row) { delta.accounts.push_back(sqlite::account_from(row)); }));
        TRY(each(accounts_removed_, delta.version,
                 [&](auto& row) { delta.accounts_removed.push_back(row.text(0)); }));
        TRY(each(bindings_, delta.version,
                 [&](auto& row) { delta.bindings.push_back(sqlite::binding_from(row)); }));
        TRY(each(bindings_removed_, delta.version,
                 [&](auto& row) { delta.bindings_removed.push_back(row.figure(0)); }));
        TRY(each(networks_, delta.version,
                 [&](auto& row) { delta.networks.push_back(sqlite::network_from(row)); }));
        return each(networks_removed_, delta.version,
                    [&](auto& row) { delta.networks_removed.push_back(row.text(0)); });
    }

private:
    template <typename Read>
    [[nodiscard]] static Status each(Statement& statement, std::uint64_t version, Read read) {
        statement.bind(1, version);
        while (true) {
            TRY_ASSIGN(const bool row, statement.step());
            if (!row) return {};
            read(statement);
        }
    }

    Statement accounts_, accounts_removed_;
    Statement bindings_, bindings_removed_;
    Statement networks_, networks_removed_;
};

}  // namespace

Status SqliteLedger::each_directory_change(const DirectoryVisitor& visit) {
    TRY_ASSIGN(auto transaction, sqlite::Transaction::begin(db_, sqlite::Transaction::Kind::read));
    TRY_ASSIGN(auto reader, DirectoryReader::make(db_));
    TRY_ASSIGN(auto versions, Statement::prepare(db_,
                                                 "SELECT version, at, hash FROM "
                                                 "directory_change ORDER BY version"));
    while (true) {
        TRY_ASSIGN(const bool row, versions.step());
        if (!row) return {};
        StoredDirectoryChange change;
        change.delta.version = versions.figure(0);
        change.delta.at = versions.time(1);
        change.hash = versions.text(2);
        TRY(reader.read(change.delta));
        TRY(visit(change));
    }
}

}  // namespace octroi
