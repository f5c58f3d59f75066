// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include <cstdint>
#include <optional>
#include <string>

namespace octroi {

// Size of a ledger's files: the database and its write-ahead log. Nothing: there is none.
[[nodiscard]] std::optional<std::uint64_t> sqlite_files_octets(const std::string& path);

namespace sqlite {

// The path of the database file itself, without symbolic links: also if the file does not exist
// yet. Locks are named after it, so that they are the same whatever name a process opens it by.
// What cannot be resolved stays as it is.
[[nodiscard]] std::string canonical_path(const std::string& path);

}  // namespace sqlite
}  // namespace octroi
