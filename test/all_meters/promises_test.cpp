// SPDX-License-Identifier: GPL-3.0-or-later
// The document shows the promises that the test of all meters checks.

#include "promises.hpp"

#include <fmt/format.h>
#include <gtest/gtest.h>

#include "support/golden.hpp"

namespace octroi::all_meters {
namespace {

// The rows as a table in Markdown.
std::string promise_table() {
    std::string table =
        "| meter | layer | counts | directions | promise | does not see | counts while the daemon "
        "is down |\n| --- | --- | --- | --- | --- | --- | --- |\n";
    for (const Promise& row : promises)
        table += fmt::format("| `{}` | {} | {} | {} | {} | {} | {} |\n", row.meter, row.layer,
                             row.counts, row.directions, row.exactness, row.unseen, row.while_down);
    return table;
}

// With OCTROI_UPDATE_GOLDEN set, the table in the document is written.
TEST(MeterPromises, AreThoseOfTheDocument) {
    constexpr std::string_view path = "docs/meters-side-by-side.md";
    constexpr std::string_view begin = "<!-- promises: test/all_meters/promises.hpp -->\n";
    constexpr std::string_view end = "<!-- end of promises -->\n";
    std::string text = support::read_text(support::source_root() / path);
    const std::size_t from = text.find(begin);
    const std::size_t to = text.find(end);
    ASSERT_NE(from, std::string::npos) << path;
    ASSERT_LT(from, to) << path;
    text.replace(from + begin.size(), to - from - begin.size(), promise_table());
    support::expect_file(path, text);
}

}  // namespace
}  // namespace octroi::all_meters
