// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

// Names stand once in the ledger and are numbered. Numbers of names that were asked for lately are
// remembered, so that a commit asks the database only for new ones.

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

    // The number of a name, given to it now if it has none. Inside a write transaction; when that
    // does not commit, forget() must be called.
    [[nodiscard]] Result<std::int64_t> meter(const MeterName& meter);
    [[nodiscard]] Result<std::int64_t> party(const Party& party);
    // The numbers of many parties, in their order, which must be that of operator<: of many of one
    // holder at once (party_numbers.cpp), of others one by one.
    [[nodiscard]] Result<std::vector<std::int64_t>> parties(std::span<const Party* const> sorted);
    [[nodiscard]] Result<std::int64_t> service(const std::string& name);
    [[nodiscard]] Result<std::int64_t> class_version(const std::string& version);

    void forget() noexcept;

private:
    using Cache = boost::unordered_flat_map<std::string, std::int64_t>;
    // Bounds memory: about 100 MB of names; then it starts anew.
    static constexpr std::size_t cached_max = 1U << 20U;

    // A pair of statements over the same one or two parameters.
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
    // Of parties of one holder.
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
    // Tables of a single text leave the first parameter alone.
    Table services_{.find_sql = "SELECT service_id FROM service WHERE ?1 = 0 AND name = ?2",
                    .insert_sql = "INSERT INTO service (name) SELECT ?2 WHERE ?1 = 0"};
    Table class_versions_{
        .find_sql = "SELECT class_version_id FROM class_version WHERE ?1 = 0 AND version = ?2",
        .insert_sql = "INSERT INTO class_version (version) SELECT ?2 WHERE ?1 = 0"};
};

}  // namespace octroi::sqlite
