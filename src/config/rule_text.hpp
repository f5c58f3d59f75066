// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

// Adds and removes [[rule]] tables in the text of a configuration file. The rest of the text,
// comments included, stays as it is.

#include <cstdint>
#include <span>
#include <string>
#include <string_view>

#include "base/result.hpp"
#include "config/rule_config.hpp"

namespace octroi {

// A [[rule]] table as text, from "key=value" words; a list has commas: "port=80,443". Errors:
// invalid (a key that [[rule]] does not have, a control character).
[[nodiscard]] Result<std::string> rule_text(const std::string& name,
                                            std::span<const std::string> words);
// The same of a rule; defaults are left out.
[[nodiscard]] Result<std::string> rule_text(const RuleConfig& rule);

// before: the line of the [[rule]] that the new one goes in front of, from 1; 0: at the end.
[[nodiscard]] std::string with_rule(std::string_view text, std::string_view rule,
                                    std::uint32_t before);
// Removes the table that begins on this line.
[[nodiscard]] std::string without_rule(std::string_view text, std::uint32_t line);

}  // namespace octroi
