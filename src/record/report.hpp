// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

// Rows with named columns, for people and for machines. The code that makes a Report knows no
// output format; the code that writes it (view/table.hpp, view/row_stream.hpp) knows no accounting.

#include <cstdint>
#include <string>
#include <string_view>
#include <utility>
#include <variant>
#include <vector>

#include "base/address.hpp"
#include "base/time.hpp"

namespace octroi {

// The kind of a column decides how it is shown to people. Machines get exact values for every kind.
enum class ColumnKind {
    text,
    number,    // an integer that is not an amount: a port, a VLAN, a sequence; no separators
    count,     // thousands separators
    bytes,     // --units
    packets,   // as count
    rate,      // bits per second
    time,      // Moment: people see their zone, machines RFC 3339 in UTC
    duration,  // people "3 min 5 s", machines seconds as a number
    percent,   // double, 0 to 100
    list,      // several texts
    bar,       // double, 0 to 100, drawn; people only
};

enum class Audience { everyone, people, machines };

struct Column {
    std::string key;    // the JSON name and the CSV header
    std::string title;  // for people
    ColumnKind kind = ColumnKind::text;
    Audience audience = Audience::everyone;
    // On a narrow terminal columns with the greatest number go first; 0 stays to the end.
    int drop_priority = 0;
    std::string when_absent = {};  // what people see where a row has nothing
};

// A column with its documentation: a line of docs/rows.md.
struct DocumentedColumn {
    Column column;
    std::string_view type;  // "address", "integer", "time", …
    std::string_view doc;   // one sentence
};

// A moment and how many digits of its fraction the source stated (0 to 9).
struct Moment {
    UtcTime at;
    int digits = 0;

    auto operator<=>(const Moment&) const = default;
};

// monostate: absent (left out of JSON, empty in CSV and tables). A string_view is borrowed: it must
// live until the row is written.
using Cell =
    std::variant<std::monostate, bool, std::uint64_t, std::int64_t, double, std::string,
                 std::string_view, Address, Mac, Moment, Duration, std::vector<std::string>>;

inline constexpr std::monostate absent{};

enum class Tone { plain, strong, dim, warn };

struct Row {
    std::vector<Cell> cells;  // as many as the report has columns
    int indent = 0;           // levels; people see it in the first column
    Tone tone = Tone::plain;
    // People see it in the first column, if that is absent, and nothing for other absent cells.
    std::string label = {};
};

struct Fact {
    std::string key;
    Cell value;
};

// A JSON member: an array of objects.
struct FactList {
    std::string key;
    std::vector<std::vector<Fact>> items;
};

struct Report {
    std::vector<std::string> heading;  // lines above, people only
    std::vector<Column> columns;
    std::vector<Row> rows;
    std::vector<Cell> totals;        // empty: no totals line
    std::string totals_label;        // people see it in the first column of the totals line
    std::vector<Row> apart;          // below the totals, which do not contain them; people only
    std::vector<std::string> notes;  // lines below, people only
    // What people read when there are no rows: says what to do next.
    std::string when_empty;
    // With meta the JSON document is an object: these facts and lists, then "rows" (and "totals").
    // Without it is an array of rows.
    std::vector<Fact> meta;
    std::vector<FactList> lists;
};

}  // namespace octroi
