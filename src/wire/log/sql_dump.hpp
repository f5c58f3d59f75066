// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

// Dumps of databases: the rows that ulogd has written to MySQL or PostgreSQL.

#include <memory>

#include "wire/log/field_map.hpp"

namespace octroi::logline {

// Lines "INSERT INTO table (columns) VALUES (…);" with one row each: `mysqldump
// --skip-extended-insert --complete-insert` and `pg_dump --column-inserts` write them. Without
// columns in the line those of "CREATE TABLE" before it apply, of the last tables_max tables. A
// line with several rows is bad: an entry of a log is one line.
//
// Addresses may be texts, numbers in host order (IPv4), or octets in hexadecimal (0x…, '\x…').
// Tables without a column of a volume are passed over.
inline constexpr std::size_t sql_tables_max = 16;
inline constexpr std::size_t sql_columns_max = 256;
[[nodiscard]] std::unique_ptr<LineReader> open_sql_dump(FieldMap map);

}  // namespace octroi::logline
