// SPDX-License-Identifier: GPL-3.0-or-later
#include "view/reference.hpp"

#include <fmt/format.h>

#include <iterator>

#include "view/openmetrics.hpp"

namespace octroi {
namespace {

constexpr std::string_view rows_preface = R"(# Rows of `octroi inspect`

Generated from the field tables of the program; do not edit.

`--ndjson` prints one object per line, `--json` an array of the same objects, `--csv` a header
and one record per row. A field with an unknown value is absent (in CSV: empty), never zero.
Integers are exact. A reader that stores numbers as doubles loses digits above 2^53. Text is UTF-8;
octets of a name that are not UTF-8 become U+FFFD. Addresses have the form of RFC 5952.
)";

constexpr std::string_view counters_preface = R"(# Counters

Generated from the counter tables of the components; do not edit.

`octroi meters --counters` shows the counters of the running daemon under these names. `/metrics`
serves them to a scraper under the names of the column *metric* (docs/operating.md).

A counter begins at 0 when the program starts, and only grows. A gauge may shrink. Series of
one name differ in their labels: `meter` is the name of the meter. No label contains an address or
another value from traffic, so traffic cannot create series.
)";

}  // namespace

std::string rows_markdown(std::span<const RowChapter> chapters) {
    std::string out(rows_preface);
    for (const RowChapter& chapter : chapters) {
        fmt::format_to(std::back_inserter(out),
                       "\n## {}\n\n{}\n\n| field | type | meaning |\n| --- | --- | --- |\n",
                       chapter.title, chapter.about);
        for (const auto& [column, type, doc] : chapter.fields)
            fmt::format_to(std::back_inserter(out), "| `{}` | {} | {} |\n", column.key, type, doc);
    }
    return out;
}

std::string counters_markdown(std::span<const CounterChapter> chapters) {
    std::string out(counters_preface);
    for (const CounterChapter& chapter : chapters) {
        fmt::format_to(std::back_inserter(out), "\n## {}\n\n", chapter.title);
        if (!chapter.about.empty())
            fmt::format_to(std::back_inserter(out), "{}\n\n", chapter.about);
        out += "| counter | metric | type | labels | counts |\n| --- | --- | --- | --- | --- |\n";
        for (const CounterInfo& info : chapter.counters)
            fmt::format_to(std::back_inserter(out), "| `{}` | `{}` | {} | {} | {} |\n", info.name,
                           metric_name(info), metric_type(info), info.labels, info.help);
    }
    return out;
}

}  // namespace octroi
