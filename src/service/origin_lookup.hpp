// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

// The prefixes of a routing table and their origins, and the longest match for each address of a
// list.

#include <functional>
#include <optional>
#include <string>

#include "attribute/origin_table.hpp"
#include "base/address.hpp"
#include "base/result.hpp"

namespace octroi {

struct LoadedOrigins {
    OriginTable table;      // not compiled
    bool problems = false;  // a part of the file could not be read; this was logged
};

// path: of an MRT dump or a prefix list. Errors: those of read_routes().
[[nodiscard]] Result<LoadedOrigins> load_origins(const std::string& path);

// The address, and its longest match in the table; nullopt: no prefix contains it.
using MatchUse =
    std::function<Status(const Address& address, const std::optional<OriginTable::Match>& match)>;

// Compiles the table, and looks up the first word of each line of a file, in its order; a comma
// ends a word too. Empty lines and lines that begin with # are skipped. Logs each line without an
// address; true: there was one. Errors: those of read_file() and of `use`.
[[nodiscard]] Result<bool> look_up_origins(OriginTable& table, const std::string& addresses,
                                           const MatchUse& use);

}  // namespace octroi
