// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

// Prints docs/rows.md and docs/counters.md from the tables of columns and counters.

#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "record/counter.hpp"
#include "record/report.hpp"

namespace octroi {

// The rows that one subcommand of `octroi inspect` prints.
struct RowChapter {
    std::string title;
    std::string_view about;  // Markdown paragraphs
    std::vector<DocumentedColumn> fields;
};

[[nodiscard]] std::string rows_markdown(std::span<const RowChapter> chapters);
[[nodiscard]] std::string counters_markdown(std::span<const CounterChapter> chapters);

}  // namespace octroi
