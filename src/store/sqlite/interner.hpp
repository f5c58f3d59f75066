// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

// Names are stored once in the ledger and referred to by row numbers. The interner finds the number
// of a name or inserts the name, and caches the numbers, so that a commit queries the database only
// for names that are new to this process.

#include <boost/unordered/unordered_flat_map.hpp>
#include <cstdint>
#include <span>
#include <string>
#include <vector>

#include "record/batch.hpp"
#include "store/sqlite/database.hpp"

namespace octroi::sqlite {

class Interner {
public:
    // The database must outlive it.
    explicit Interner(const Database& db) : db_(db) {}

    // The number of a name; a name without a number gets one. Call it within a write transaction.
    // If that is rolled back, call clear_cache(): the cached numbers may belong to no row.
    [[nodiscard]] Result<std::int64_t> meter(const MeterName& meter);
    [[nodiscard]] Result<std::int64_t> party(const Party& party);
    // The numbers of many parties, in their order. `sorted` must be ascending. Many parties with
    // the same kind and name are looked up together (party_numbers.cpp), others one by one.
    [[nodiscard]] Result<std::vector<std::int64_t>> parties(std::span<const Party* const> sorted);
    [[nodiscard]] Result<std::int64_t> service(const std::string& name);
    [[nodiscard]] Result<std::int64_t> class_version(const std::string& version);

    void clear_cache() noexcept;

private:
    using Cache = boost::unordered_flat_map<std::string, std::int64_t>;
    // Names in a cache, about 100 MB. A full cache is cleared.
    static constexpr std::size_t cached_max = 1U << 20U;

    // A table of names: statements with the same two parameters, and the cache.
    struct Table {
        const char* find_sql;
        const char* insert_sql;
        Statement find;
        Statement insert;
        bool ready = false;
        Cache cache;
    };
    [[nodiscard]] Status prepare(Table& table) const;
    [[nodiscard]] Result<std::int64_t> holder(const Party& party) {
        return number_of(holders_, static_cast<std::int64_t>(party.kind), party.name);
    }
    // A run of parties with the same kind and name, that is with one row in the table `holder`.
    using Run = std::span<const Party* const>;
    using Numbers = std::span<std::int64_t>;
    [[nodiscard]] Status find_parties(std::int64_t holder, Run run, Numbers numbers) const;
    [[nodiscard]] Status insert_parties(std::int64_t holder, Run run, Numbers numbers) const;
    [[nodiscard]] Result<std::int64_t> number_of(Table& table, std::int64_t first,
                                                 const std::string& second);

    const Database& db_;
    Table holders_{.find_sql = "SELECT holder_id FROM holder WHERE kind = ?1 AND name = ?2",
                   .insert_sql = "INSERT INTO holder (kind, name) VALUES (?1, ?2)"};
    Table parties_{.find_sql = "SELECT party_id FROM party WHERE holder = ?1 AND identity = ?2",
                   .insert_sql = "INSERT INTO party (holder, identity) VALUES (?1, ?2)"};
    // Tables of one text get 0 as the first parameter.
    Table services_{.find_sql = "SELECT service_id FROM service WHERE ?1 = 0 AND name = ?2",
                    .insert_sql = "INSERT INTO service (name) SELECT ?2 WHERE ?1 = 0"};
    Table class_versions_{
        .find_sql = "SELECT class_version_id FROM class_version WHERE ?1 = 0 AND version = ?2",
        .insert_sql = "INSERT INTO class_version (version) SELECT ?2 WHERE ?1 = 0"};
};

}  // namespace octroi::sqlite
