// SPDX-License-Identifier: GPL-3.0-or-later
#include "store/sqlite/class_store.hpp"

#include <fmt/format.h>

#include <algorithm>

#include "ledger/chain.hpp"
#include "ledger/rules.hpp"
#include "store/sqlite/class_routes.hpp"
#include "store/sqlite/sqlite_ledger.hpp"

namespace octroi {
namespace sqlite {
namespace {

std::unexpected<Error> damaged(const Database& db, std::string_view version) {
    return fail(ErrorCode::corrupt,
                fmt::format("ledger {}: class table {} is damaged; next: load the table again, and "
                            "run `octroi audit`",
                            db.path(), version));
}

Status read_classes(const Database& db, std::int64_t id, ClassTable& table) {
    TRY_ASSIGN(auto names, Statement::prepare(db,
                                              "SELECT number, name FROM class_name WHERE "
                                              "class_table = ?1 ORDER BY number"));
    names.bind(1, id);
    while (true) {
        TRY_ASSIGN(const bool row, names.step());
        if (!row) return {};
        if (names.figure(0) != table.classes.size()) return damaged(db, table.version);
        table.classes.push_back(names.text(1));
    }
}

Status read_routes(const Database& db, std::int64_t id, ClassTable& table) {
    TRY_ASSIGN(auto blobs, Statement::prepare(db,
                                              "SELECT number, octets FROM class_routes WHERE "
                                              "class_table = ?1 ORDER BY number"));
    blobs.bind(1, id);
    for (std::uint64_t number = 0;; ++number) {
        TRY_ASSIGN(const bool row, blobs.step());
        if (!row) return {};
        if (blobs.figure(0) != number || !decode_routes(blobs.octets(1), table.routes))
            return damaged(db, table.version);
    }
}

// Numbers above the range of the type, from a damaged ledger, become its maximum. The checksum then
// differs, so the caller refuses the table.
std::uint16_t class_from(const Statement& row, int column) {
    return static_cast<std::uint16_t>(std::min<std::uint64_t>(row.figure(column), UINT16_MAX));
}
std::uint32_t as_from(const Statement& row, int column) {
    return static_cast<std::uint32_t>(std::min<std::uint64_t>(row.figure(column), UINT32_MAX));
}

Status read_ases(const Database& db, std::int64_t id, ClassTable& table) {
    TRY_ASSIGN(auto rows, Statement::prepare(db,
                                             "SELECT first_as, last_as, class FROM class_as WHERE "
                                             "class_table = ?1 ORDER BY first_as"));
    rows.bind(1, id);
    while (true) {
        TRY_ASSIGN(const bool row, rows.step());
        if (!row) return {};
        table.ases.push_back({as_from(rows, 0), as_from(rows, 1), class_from(rows, 2)});
    }
}

Status read_next_hops(const Database& db, std::int64_t id, ClassTable& table) {
    TRY_ASSIGN(auto rows, Statement::prepare(db,
                                             "SELECT number, next_hop, class FROM class_next_hop "
                                             "WHERE class_table = ?1 ORDER BY number"));
    rows.bind(1, id);
    while (true) {
        TRY_ASSIGN(const bool row, rows.step());
        if (!row) return {};
        const auto next_hop = parse_address(rows.text(1));
        if (rows.figure(0) != table.next_hops.size() || !next_hop ||
            to_string(*next_hop) != rows.octets(1))
            return damaged(db, table.version);
        table.next_hops.push_back({*next_hop, class_from(rows, 2)});
    }
}

Status write_stated(const Database& db, std::int64_t id, const ClassTable& table) {
    TRY_ASSIGN(auto ases, Statement::prepare(db,
                                             "INSERT INTO class_as (class_table, first_as, "
                                             "last_as, class) VALUES (?1, ?2, ?3, ?4)"));
    for (const ClassAses& range : table.ases) {
        ases.bind(1, id);
        ases.bind(2, std::int64_t{range.first});
        ases.bind(3, std::int64_t{range.last});
        ases.bind(4, std::int64_t{range.class_index});
        TRY(ases.run());
    }
    TRY_ASSIGN(auto hops, Statement::prepare(db,
                                             "INSERT INTO class_next_hop (class_table, number, "
                                             "next_hop, class) VALUES (?1, ?2, ?3, ?4)"));
    std::int64_t number = 0;
    for (const ClassNextHop& entry : table.next_hops) {
        const std::string next_hop = to_string(entry.next_hop);
        hops.bind(1, id);
        hops.bind(2, number++);
        hops.bind_text(3, next_hop);
        hops.bind(4, std::int64_t{entry.class_index});
        TRY(hops.run());
    }
    return {};
}

Status write_classes(const Database& db, std::int64_t id, const ClassTable& table) {
    TRY_ASSIGN(auto insert, Statement::prepare(db,
                                               "INSERT INTO class_name (class_table, number, "
                                               "name) VALUES (?1, ?2, ?3)"));
    std::int64_t number = 0;
    for (const std::string& name : table.classes) {
        insert.bind(1, id);
        insert.bind(2, number++);
        insert.bind_text(3, name);
        TRY(insert.run());
    }
    return {};
}

Status write_routes(const Database& db, std::int64_t id, const ClassTable& table) {
    TRY_ASSIGN(auto insert, Statement::prepare(db,
                                               "INSERT INTO class_routes (class_table, number, "
                                               "octets) VALUES (?1, ?2, ?3)"));
    const std::span<const ClassRoute> routes(table.routes);
    std::int64_t number = 0;
    for (std::size_t at = 0; at < routes.size(); at += routes_per_blob) {
        const std::string octets =
            encode_routes(routes.subspan(at, std::min(routes_per_blob, routes.size() - at)));
        insert.bind(1, id);
        insert.bind(2, number++);
        insert.bind_blob(3, octets);
        TRY(insert.run());
    }
    return {};
}

Result<bool> has_class_table(const Database& db, std::string_view version) {
    TRY_ASSIGN(auto find, Statement::prepare(db, "SELECT 1 FROM class_table WHERE version = ?1"));
    find.bind_text(1, version);
    return find.step();
}

Status write_class_table(const Database& db, const StoredClassTable& stored) {
    const std::string checksum = checksum_of(stored);
    TRY_ASSIGN(auto insert, Statement::prepare(db,
                                               "INSERT INTO class_table (version, name, loaded_at, "
                                               "default_class, prefixes, checksum) "
                                               "VALUES (?1, ?2, ?3, ?4, ?5, ?6)"));
    insert.bind_text(1, stored.table.version);
    insert.bind_text(2, stored.name);
    insert.bind(3, stored.loaded_at);
    insert.bind_text(4, stored.table.default_class);
    insert.bind(5, stored.prefixes);
    insert.bind_blob(6, checksum);
    TRY(insert.run());
    const std::int64_t id = sqlite3_last_insert_rowid(db.handle());
    TRY(write_classes(db, id, stored.table));
    TRY(write_routes(db, id, stored.table));
    return write_stated(db, id, stored.table);
}

// Appends to the chain of uses, unless the table is in use already.
Status use_class_table(const Database& db, std::string_view version, UtcTime now) {
    TRY_ASSIGN(auto table,
               Statement::prepare(db, "SELECT checksum FROM class_table WHERE version = ?1"));
    table.bind_text(1, version);
    TRY_ASSIGN(const bool has_table, table.step());
    if (!has_table) return damaged(db, version);
    const std::string checksum = table.text(0);
    table.reset();
    TRY_ASSIGN(auto last, Statement::prepare(db,
                                             "SELECT number, version, hash FROM class_use "
                                             "ORDER BY number DESC LIMIT 1"));
    TRY_ASSIGN(const bool found, last.step());
    if (found && last.octets(1) == version) return {};
    if (found && last.octets(2).size() != hash_octets) return damaged(db, last.octets(1));
    const std::int64_t number = found ? last.number(0) + 1 : 1;
    const std::string hash =
        class_use_hash(found ? last.text(2) : zero_hash(), version, checksum, now);
    last.reset();
    TRY_ASSIGN(auto insert, Statement::prepare(db,
                                               "INSERT INTO class_use (number, version, at, "
                                               "hash) VALUES (?1, ?2, ?3, ?4)"));
    insert.bind(1, number);
    insert.bind_text(2, version);
    insert.bind(3, now);
    insert.bind_blob(4, hash);
    return insert.run();
}

void add_stated(Hasher& hasher, const ClassTable& table) {
    hasher.be64(table.ases.size());
    for (const ClassAses& range : table.ases) {
        hasher.be32(range.first);
        hasher.be32(range.last);
        hasher.be32(range.class_index);
    }
    hasher.be64(table.next_hops.size());
    for (const ClassNextHop& entry : table.next_hops) {
        hasher.text(to_string(entry.next_hop));
        hasher.be32(entry.class_index);
    }
}

}  // namespace

std::string checksum_of(const StoredClassTable& stored) {
    Hasher hasher;
    hasher.text(stored.table.version);
    hasher.text(stored.name);
    hasher.be64(static_cast<std::uint64_t>(stored.loaded_at.ns));
    hasher.text(stored.table.default_class);
    hasher.be64(stored.prefixes);
    hasher.be64(stored.table.classes.size());
    for (const std::string& name : stored.table.classes) hasher.text(name);
    for (const auto& [prefix, class_index] : stored.table.routes) {
        for (const std::uint8_t octet : prefix.address.octets) hasher.u8(octet);
        hasher.u8(static_cast<std::uint8_t>(prefix.address.family));
        hasher.u8(prefix.length);
        hasher.be32(class_index);
    }
    add_stated(hasher, stored.table);
    return hasher.finish();
}

Result<std::optional<StoredClassTable>> read_class_table(const Database& db,
                                                         std::string_view version) {
    TRY_ASSIGN(auto find, Statement::prepare(db,
                                             "SELECT class_table_id, name, loaded_at, "
                                             "default_class, prefixes, checksum "
                                             "FROM class_table WHERE version = ?1"));
    find.bind_text(1, version);
    TRY_ASSIGN(const bool found, find.step());
    if (!found) return std::nullopt;
    const std::int64_t id = find.number(0);
    StoredClassTable stored;
    stored.table.version = version;
    stored.name = find.text(1);
    stored.loaded_at = find.time(2);
    stored.table.default_class = find.text(3);
    stored.prefixes = find.figure(4);
    stored.checksum = find.text(5);
    TRY(read_classes(db, id, stored.table));
    TRY(read_routes(db, id, stored.table));
    TRY(read_ases(db, id, stored.table));
    TRY(read_next_hops(db, id, stored.table));
    if (stored.table.routes.size() != stored.prefixes || checksum_of(stored) != stored.checksum)
        return damaged(db, version);
    return stored;
}

}  // namespace sqlite

Status SqliteLedger::load_class_table(const ClassTable& table, std::string_view name, UtcTime now) {
    TRY(check_class_table(table));
    TRY_ASSIGN(auto transaction, sqlite::Transaction::begin(db_, sqlite::Transaction::Kind::write));
    TRY_ASSIGN(const bool known, sqlite::has_class_table(db_, table.version));
    if (!known)
        TRY(sqlite::write_class_table(
            db_, {table, std::string(name), now, std::uint64_t{table.routes.size()}, {}}));
    TRY(sqlite::use_class_table(db_, table.version, now));
    return transaction.commit();
}

Result<std::optional<ClassTable>> SqliteLedger::class_table(std::string_view version) {
    TRY_ASSIGN(auto transaction, sqlite::Transaction::begin(db_, sqlite::Transaction::Kind::read));
    TRY_ASSIGN(auto stored, sqlite::read_class_table(db_, version));
    if (!stored) return std::nullopt;
    return std::move(stored->table);
}

Result<std::string> SqliteLedger::current_class_version() {
    TRY_ASSIGN(auto last, sqlite::Statement::prepare(
                              db_, "SELECT version FROM class_use ORDER BY number DESC LIMIT 1"));
    TRY_ASSIGN(const bool found, last.step());
    return found ? last.text(0) : std::string();
}

Result<std::vector<ClassTableInfo>> SqliteLedger::class_tables() {
    TRY_ASSIGN(auto transaction, sqlite::Transaction::begin(db_, sqlite::Transaction::Kind::read));
    TRY_ASSIGN(const std::string current, current_class_version());
    TRY_ASSIGN(auto find, sqlite::Statement::prepare(
                              db_,
                              "SELECT class_table_id, version, name, loaded_at, prefixes, "
                              "(SELECT count(*) FROM class_as WHERE class_table = "
                              "class_table_id) + (SELECT count(*) FROM class_next_hop WHERE "
                              "class_table = class_table_id) "
                              "FROM class_table ORDER BY loaded_at, class_table_id"));
    TRY_ASSIGN(auto names, sqlite::Statement::prepare(db_,
                                                      "SELECT name FROM class_name WHERE "
                                                      "class_table = ?1 ORDER BY number"));
    std::vector<ClassTableInfo> infos;
    while (true) {
        TRY_ASSIGN(const bool row, find.step());
        if (!row) return infos;
        ClassTableInfo info{.version = find.text(1),
                            .name = find.text(2),
                            .loaded_at = find.time(3),
                            .prefixes = find.figure(4),
                            .stated = find.figure(5),
                            .classes = {},
                            .current = find.octets(1) == current};
        names.bind(1, find.number(0));
        while (true) {
            TRY_ASSIGN(const bool more, names.step());
            if (!more) break;
            info.classes.push_back(names.text(0));
        }
        infos.push_back(std::move(info));
    }
}

}  // namespace octroi
