// SPDX-License-Identifier: GPL-3.0-or-later
// Numbers for many parties with the same kind and name, for example the single addresses of a large
// network.
//
// Looked up one by one, each party costs a search in an index, and a second one if it is new. The
// parties are sorted, and so is the index, so one merge of both finds all existing ones. The new
// ones are inserted together.
#include <algorithm>

#include "store/sqlite/interner.hpp"

namespace octroi::sqlite {
namespace {

// For fewer parties single look-ups are fast enough.
constexpr std::size_t run_min = 1024;
// A step of the merge costs about a quarter of a look-up, so the merge pays if the table has at
// most this many rows for each party that is looked up.
constexpr std::int64_t rows_for_one = 4;
constexpr std::int64_t not_known = 0;     // SQLite numbers rows from 1
constexpr std::size_t rows_at_once = 64;  // rows of one INSERT

bool same_holder(const Party& a, const Party& b) { return a.kind == b.kind && a.name == b.name; }

Result<Statement> prepare_insert(const Database& db, std::size_t rows) {
    std::string sql = "INSERT INTO party (party_id, holder, identity) VALUES (?,?,?)";
    for (std::size_t i = 1; i < rows; ++i) sql += ",(?,?,?)";
    return Statement::prepare(db, sql);
}

}  // namespace

Result<std::vector<std::int64_t>> Interner::parties(std::span<const Party* const> sorted) {
    std::vector<std::int64_t> numbers(sorted.size(), not_known);
    TRY_ASSIGN(const std::int64_t rows, db_.number("SELECT coalesce(max(party_id), 0) FROM party"));
    for (std::size_t begin = 0; begin < sorted.size();) {
        std::size_t end = begin + 1;
        while (end < sorted.size() && same_holder(*sorted[begin], *sorted[end])) ++end;
        const Run run = sorted.subspan(begin, end - begin);
        const Numbers found = Numbers(numbers).subspan(begin, run.size());
        begin = end;
        if (run.size() < run_min || rows / rows_for_one > static_cast<std::int64_t>(run.size())) {
            for (std::size_t i = 0; i < run.size(); ++i) {
                TRY_ASSIGN(found[i], party(*run[i]));
            }
            continue;
        }
        TRY_ASSIGN(const std::int64_t of, holder(*run.front()));
        TRY(find_parties(of, run, found));
        TRY(insert_parties(of, run, found));
    }
    return numbers;
}

Status Interner::find_parties(std::int64_t holder, Run run, Numbers numbers) const {
    TRY_ASSIGN(auto walk,
               Statement::prepare(db_,
                                  "SELECT identity, party_id FROM party WHERE holder = ?1 AND "
                                  "identity BETWEEN ?2 AND ?3 ORDER BY identity"));
    walk.bind(1, holder);
    walk.bind_text(2, run.front()->identity);
    walk.bind_text(3, run.back()->identity);
    std::size_t at = 0;
    while (true) {
        TRY_ASSIGN(const bool row, walk.step());
        if (!row) return {};
        // Both sides are sorted by octets: std::string and SQLite's BINARY collation agree.
        const std::string_view identity = walk.octets(0);
        while (at < run.size() && run[at]->identity < identity) ++at;
        if (at < run.size() && run[at]->identity == identity) numbers[at++] = walk.number(1);
    }
}

Status Interner::insert_parties(std::int64_t holder, Run run, Numbers numbers) const {
    // New parties get the next numbers, as SQLite itself would assign them. They are known before
    // the insert, so one statement can insert many.
    std::vector<std::size_t> places;
    for (std::size_t i = 0; i < run.size(); ++i)
        if (numbers[i] == not_known) places.push_back(i);
    TRY_ASSIGN(std::int64_t last, db_.number("SELECT coalesce(max(party_id), 0) FROM party"));
    std::span<const std::size_t> left = places;
    for (const std::size_t rows : {rows_at_once, std::size_t{1}}) {
        if (left.size() < rows) continue;
        TRY_ASSIGN(auto insert, prepare_insert(db_, rows));
        for (; left.size() >= rows; left = left.subspan(rows)) {
            int parameter = 0;
            for (const std::size_t place : left.first(rows)) {
                numbers[place] = ++last;
                insert.bind(++parameter, last);
                insert.bind(++parameter, holder);
                insert.bind_text(++parameter, run[place]->identity);
            }
            TRY(insert.run());
        }
    }
    return {};
}

}  // namespace octroi::sqlite
