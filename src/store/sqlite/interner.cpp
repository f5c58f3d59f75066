// SPDX-License-Identifier: GPL-3.0-or-later
#include "store/sqlite/interner.hpp"

#include <array>
#include <cstring>

namespace octroi::sqlite {
namespace {

// Both parts in one text. The number has a fixed size, so the key is unique.
std::string cache_key(std::int64_t first, const std::string& second) {
    std::array<char, sizeof first> number{};
    std::memcpy(number.data(), &first, sizeof first);
    std::string key(number.data(), number.size());
    key += second;
    return key;
}

}  // namespace

Status Interner::prepare(Table& table) const {
    if (table.ready) return {};
    TRY_ASSIGN(table.find, Statement::prepare(db_, table.find_sql));
    TRY_ASSIGN(table.insert, Statement::prepare(db_, table.insert_sql));
    table.ready = true;
    return {};
}

Result<std::int64_t> Interner::number_of(Table& table, std::int64_t first,
                                         const std::string& second) {
    std::string key = cache_key(first, second);
    if (const auto known = table.cache.find(key); known != table.cache.end()) return known->second;
    TRY(prepare(table));
    table.find.bind(1, first);
    table.find.bind_text(2, second);
    TRY_ASSIGN(const bool found, table.find.step());
    std::int64_t id = 0;
    if (found) {
        id = table.find.number(0);
        table.find.reset();
    } else {
        table.insert.bind(1, first);
        table.insert.bind_text(2, second);
        TRY(table.insert.run());
        id = sqlite3_last_insert_rowid(db_.handle());
    }
    // All at once: the names that are in use are soon cached again.
    if (table.cache.size() >= cached_max) table.cache.clear();
    table.cache.emplace(std::move(key), id);
    return id;
}

Result<std::int64_t> Interner::party(const Party& party) {
    TRY_ASSIGN(const std::int64_t of, holder(party));
    return number_of(parties_, of, party.identity);
}

Result<std::int64_t> Interner::service(const std::string& name) {
    return number_of(services_, 0, name);
}

Result<std::int64_t> Interner::class_version(const std::string& version) {
    return number_of(class_versions_, 0, version);
}

// Not cached: it is looked up once for each batch.
Result<std::int64_t> Interner::meter(const MeterName& meter) {
    TRY_ASSIGN(auto find, Statement::prepare(db_,
                                             "SELECT meter_id FROM meter WHERE name = ?1 AND "
                                             "kind = ?2 AND role = ?3 AND layer = ?4"));
    const auto bind = [&](Statement& statement) {
        statement.bind_text(1, meter.name);
        statement.bind_text(2, meter.kind);
        statement.bind(3, static_cast<std::int64_t>(meter.role));
        statement.bind(4, static_cast<std::int64_t>(meter.layer));
    };
    bind(find);
    TRY_ASSIGN(const bool found, find.step());
    if (found) return find.number(0);
    TRY_ASSIGN(auto insert, Statement::prepare(db_,
                                               "INSERT INTO meter (name, kind, role, layer) "
                                               "VALUES (?1, ?2, ?3, ?4)"));
    bind(insert);
    TRY(insert.run());
    return sqlite3_last_insert_rowid(db_.handle());
}

void Interner::clear_cache() noexcept {
    for (Table* table : {&holders_, &parties_, &services_, &class_versions_}) table->cache.clear();
}

}  // namespace octroi::sqlite
