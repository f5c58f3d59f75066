// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

// The routes of a class table in a compact form: a full routing table of 1.2 million prefixes has
// about 6 MB. Format: docs/format/ledger.md, "class_routes".

#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "record/class_table.hpp"

namespace octroi::sqlite {

// Routes in a blob; the last one has fewer.
inline constexpr std::size_t routes_per_blob = 65536;

// Smallest if the routes are sorted: each route omits the octets that it shares with the previous.
[[nodiscard]] std::string encode_routes(std::span<const ClassRoute> routes);
// Appends to `routes`. False: the octets do not have this format; some routes may have been added.
[[nodiscard]] bool decode_routes(std::string_view octets, std::vector<ClassRoute>& routes);

}  // namespace octroi::sqlite
