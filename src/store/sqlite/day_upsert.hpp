// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

// Adds figures to the rows of day_sum and day_end. Key: the primary key of the table, with its name
// (Key::table) and its columns (parts()).

#include <fmt/format.h>

#include <algorithm>
#include <string>
#include <utility>
#include <vector>

#include "store/sqlite/database.hpp"
#include "store/sqlite/rows.hpp"

namespace octroi::sqlite {

// A sum that does not fit, on either side, stays at the limit: it is not known.
inline void add_figures(DayFigures& sum, const DayFigures& figures) noexcept {
    for (std::size_t i = 0; i < sum.size(); ++i) {
        const auto fits = [](std::int64_t v) { return -day_figure_max < v && v < day_figure_max; };
        // Both are within 2^62, so their sum does not wrap around.
        const bool is_known = fits(sum[i]) && fits(figures[i]) && fits(sum[i] + figures[i]);
        sum[i] = is_known ? sum[i] + figures[i] : day_figure_max;
    }
}

template <typename Key>
constexpr std::size_t key_columns = std::tuple_size_v<decltype(Key{}.parts())>;

template <typename Key>
[[nodiscard]] Result<Statement> prepare_day_upsert(const Database& db, std::size_t rows) {
    std::string row = "(?";
    for (std::size_t i = 1; i < key_columns<Key> + day_figures; ++i) row += ",?";
    row += ")";
    std::string sql = fmt::format("INSERT INTO {} VALUES {}", Key::table, row);
    for (std::size_t i = 1; i < rows; ++i) sql += "," + row;
    sql += " ON CONFLICT DO UPDATE SET ";
    for (const char* column : day_figure_columns)
        sql += fmt::format(
            "{0}{1} = iif({1} BETWEEN -{2} AND {2} AND excluded.{1} BETWEEN -{2} AND {2} AND {1} + "
            "excluded.{1} BETWEEN -{2} AND {2}, {1} + excluded.{1}, {3})",
            std::string_view(column) == "bytes" ? "" : ", ", column, day_figure_max - 1,
            day_figure_max);
    return Statement::prepare(db, sql);
}

// In the order of the key, so that neighbours in the table are written together.
template <typename Key>
[[nodiscard]] Status upsert_day_rows(const Database& db,
                                     std::vector<std::pair<Key, DayFigures>> rows) {
    constexpr std::size_t most = 16;  // of one statement
    std::sort(rows.begin(), rows.end());
    std::size_t at = 0;
    for (const std::size_t together : {most, std::size_t{1}}) {
        if (rows.size() - at < together) continue;
        TRY_ASSIGN(auto upsert, prepare_day_upsert<Key>(db, together));
        for (; rows.size() - at >= together; at += together) {
            int column = 0;
            for (std::size_t i = at; i < at + together; ++i) {
                for (const std::int64_t part : rows[i].first.parts()) upsert.bind(++column, part);
                for (const std::int64_t figure : rows[i].second) upsert.bind(++column, figure);
            }
            TRY(upsert.run());
        }
    }
    return {};
}

}  // namespace octroi::sqlite
