// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

// TOML and CSV as records of texts by name. declaration.cpp interprets them.

#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "base/result.hpp"
#include "config/config.hpp"

namespace octroi {

struct DeclaredRecord {
    std::string kind;  // "account", "binding", "network", or any other name in the file
    std::vector<std::pair<std::string, std::string>> fields;
    SourceLine where;
};

[[nodiscard]] Result<std::vector<DeclaredRecord>> toml_records(std::string_view text,
                                                               std::string_view file);
// RFC 4180, also with LF line ends. Empty lines, lines that begin with '#' and a byte order mark
// are skipped.
[[nodiscard]] Result<std::vector<DeclaredRecord>> csv_records(std::string_view text,
                                                              std::string_view file);

// Whether the text is CSV rather than TOML: by the name of its file, else by its first line.
[[nodiscard]] bool looks_like_csv(std::string_view text, std::string_view file);

}  // namespace octroi
