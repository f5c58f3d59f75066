// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

// docs/apply.md and `octroi apply --example`, from the table of declaration_fields.hpp.

#include <string>

namespace octroi {

// A TOML file that parse_declaration() accepts, with every table and column, and comments.
[[nodiscard]] std::string declaration_example();
// The format: every table and column, TOML and CSV.
[[nodiscard]] std::string declaration_markdown();

}  // namespace octroi
