// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

// TOML and CSV as records of named texts: what declaration.cpp gives a meaning to.

#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "base/result.hpp"
#include "config/config.hpp"

namespace octroi {

struct DeclaredRecord {
    std::string kind;  // "account", "binding", "network", or what somebody wrote there
    std::vector<std::pair<std::string, std::string>> fields;
    SourceLine where;
};

[[nodiscard]] Result<std::vector<DeclaredRecord>> toml_records(std::string_view text,
                                                               std::string_view file);
// RFC 4180; also LF line ends. Empty lines and lines that begin with '#' are passed over. Octets of
// a byte order mark at the front are too.
[[nodiscard]] Result<std::vector<DeclaredRecord>> csv_records(std::string_view text,
                                                              std::string_view file);

}  // namespace octroi
