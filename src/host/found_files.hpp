// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

// Finds files by a pattern or in a folder. Any thread.

#include <string>
#include <vector>

#include "base/result.hpp"

namespace octroi {

// The paths that exist and match a pattern of the shell (glob(7): '*', '?' and '[…]' match within
// one name), sorted. A pattern without these characters is a path. A folder that cannot be read
// matches nothing. Errors: failed (out of memory, read error).
[[nodiscard]] Result<std::vector<std::string>> paths_matching(const std::string& pattern);

// Whether a path matches a pattern, as above. No system call.
[[nodiscard]] bool matches_pattern(const std::string& path, const std::string& pattern);

// The names of the regular files in a folder, and of symbolic links to such files, sorted. Errors:
// not_found, permission, failed.
[[nodiscard]] Result<std::vector<std::string>> file_names_in(const std::string& folder);

}  // namespace octroi
