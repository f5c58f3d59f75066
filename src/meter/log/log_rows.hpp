// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

// The rows of `octroi inspect log`, and their documentation.

#include <cstdint>
#include <optional>
#include <span>
#include <vector>

#include "base/time.hpp"
#include "record/report.hpp"
#include "wire/log/entry.hpp"

namespace octroi::logs {

// An entry with its place in the file. Texts are borrowed.
struct RowSource {
    const logline::Entry& entry;
    std::uint64_t line;  // from 1
    std::optional<UtcTime> time;
};

struct RowField {
    Column column;
    std::string_view type;
    std::string_view doc;
    Cell (*value)(const RowSource& source);
};

[[nodiscard]] std::span<const RowField> row_fields();

}  // namespace octroi::logs
