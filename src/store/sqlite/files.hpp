// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include <cstdint>
#include <optional>
#include <string>

namespace octroi {

// Size of a ledger's files: the database and its write-ahead log. Nothing: there is none.
[[nodiscard]] std::optional<std::uint64_t> sqlite_files_octets(const std::string& path);

}  // namespace octroi
