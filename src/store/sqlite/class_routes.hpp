// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

// The routes of a class table as compact octets: a full routing table of 1.2 million prefixes takes
// about 6 MB. Format: docs/format/ledger.md, "class_routes".

#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "record/class_table.hpp"

namespace octroi::sqlite {

// A blob holds this many routes, the last one fewer.
inline constexpr std::size_t routes_per_blob = 65536;

[[nodiscard]] std::string encode_routes(std::span<const ClassRoute> routes);
// Appends what the octets hold. False: they are not what encode_routes writes.
[[nodiscard]] bool decode_routes(std::string_view octets, std::vector<ClassRoute>& routes);

}  // namespace octroi::sqlite
