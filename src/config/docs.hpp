// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

// Documentation that is printed from the option table. The same texts stand in docs/, and a test
// compares them.

#include <string>

#include "config/option.hpp"

namespace octroi {

// docs/options.md: a table for each section, and in [[meter]] one for each kind.
[[nodiscard]] std::string options_markdown(const OptionTable& table);

// docs/octroi.schema.json: JSON Schema (2020-12), for editors that check TOML.
[[nodiscard]] std::string options_schema(const OptionTable& table);

// docs/octroi.example.toml: every option with its default, commented out.
[[nodiscard]] std::string options_example(const OptionTable& table);

}  // namespace octroi
