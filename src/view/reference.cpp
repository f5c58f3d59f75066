// SPDX-License-Identifier: GPL-3.0-or-later
#include "view/reference.hpp"

#include <fmt/format.h>

#include <iterator>

namespace octroi {
namespace {

constexpr std::string_view rows_preface = R"(# Rows of `octroi inspect`

Printed by the program from its tables of fields; do not edit.

`--ndjson` prints an object in each line, `--json` an array of the same objects, `--csv` a header
and a record for each row. A field that is not known is absent (in CSV: empty), never zero.
Integers are exact; readers that keep numbers as doubles lose digits above 2^53. Text is UTF-8; what
is not UTF-8 in a name reads U+FFFD. Addresses are written as in RFC 5952.
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
    std::string out =
        "# Counters\n\nGenerated from the counter tables of the components; do not edit.\n\n"
        "Counters only grow while the program runs, and begin at 0 with it.\n";
    for (const CounterChapter& chapter : chapters) {
        fmt::format_to(std::back_inserter(out), "\n## {}\n\n", chapter.title);
        if (!chapter.about.empty())
            fmt::format_to(std::back_inserter(out), "{}\n\n", chapter.about);
        out += "| counter | counts |\n| --- | --- |\n";
        for (const CounterInfo& info : chapter.counters)
            fmt::format_to(std::back_inserter(out), "| `{}` | {} |\n", info.name, info.help);
    }
    return out;
}

}  // namespace octroi
