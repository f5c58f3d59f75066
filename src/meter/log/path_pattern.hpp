// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

// A path of logs as the configuration states it: a pattern of the shell (host/found_files.hpp), in
// which {domain} or {user} stands for a part that is a name:
//
//     /var/www/vhosts/{domain}/logs/access*.log
//
// Plain values; any thread.

#include <string>
#include <string_view>

#include "base/result.hpp"

namespace octroi::logs {

// The names in a path. Empty: the pattern states none.
struct PathNames {
    std::string domain;
    std::string user;

    bool operator==(const PathNames&) const = default;
};

class PathPattern {
public:
    // Errors: invalid (not absolute; a name that occurs twice or is unknown; a name that
    // stands beside wildcards between two slashes).
    [[nodiscard]] static Result<PathPattern> parse(std::string_view text);

    // The pattern with '*' in place of names.
    [[nodiscard]] const std::string& glob() const noexcept { return glob_; }
    // Of a path that matches the pattern.
    [[nodiscard]] PathNames names(std::string_view path) const;

private:
    std::string text_;
    std::string glob_;
};

}  // namespace octroi::logs
