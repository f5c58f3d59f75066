// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

// toml++: its settings, and the checks that a text must pass before toml++ may parse it. No other
// header includes toml++.

// A wrong text is an error of the user. With its assertions, toml++ 3.3 aborts on "[~x]" in debug
// builds.
#define TOML_ASSERT(condition) static_assert(true)
#define TOML_EXCEPTIONS 0
#define TOML_ENABLE_FORMATTERS 0
#include <toml++/toml.h>

#include <string_view>

#include "base/result.hpp"
#include "config/config.hpp"

namespace octroi {

// In octets. Nobody writes a longer file, so it is refused.
inline constexpr std::size_t toml_text_max = 1U << 20U;
// Parts of a dotted key. toml++ makes a table for each, and frees them recursively: without a bound
// a key of 200,000 parts exhausts the stack.
inline constexpr std::size_t toml_key_parts_max = 32;

// Parses TOML 1.0. `text` may be any octets. The error names file, line and column.
[[nodiscard]] Result<toml::table> parse_toml(std::string_view text, std::string_view file);

[[nodiscard]] SourceLine source_line(const toml::source_region& region, std::string_view file);

}  // namespace octroi
