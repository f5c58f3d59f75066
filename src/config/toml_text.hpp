// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

// The one door to toml++: its settings, and what must be asked before it may see a text.

// A refused text is an error, not a bug: with assertions, toml++ 3.3 aborts on "[~x]" in debug
// builds.
#define TOML_ASSERT(condition) static_assert(true)
#define TOML_EXCEPTIONS 0
#define TOML_ENABLE_FORMATTERS 0
#include <toml++/toml.h>

#include <string_view>

#include "base/result.hpp"
#include "config/config.hpp"

namespace octroi {

// A longer text is refused: no one has written it.
inline constexpr std::size_t toml_text_max = 1U << 20U;

// Parses TOML 1.0. The error names file, line and column. Any octets may be given.
[[nodiscard]] Result<toml::table> parse_toml(std::string_view text, std::string_view file);

[[nodiscard]] SourceLine source_line(const toml::source_region& region, std::string_view file);

}  // namespace octroi
