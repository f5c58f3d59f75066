// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

// From the text of a configuration to a Config. The caller reads the file.

#include <optional>
#include <string>
#include <string_view>

#include "base/result.hpp"
#include "config/config.hpp"
#include "config/option.hpp"

namespace octroi {

// Parses TOML text and checks it against the option table. `file_name` is for messages only.
//
// An Error (ErrorCode::invalid) holds every problem that was found, one in each line, in the order
// of the file: "octroi.toml:7:1: [meter] ring_sise: unknown option; did you mean ring_size?". An
// unknown key is a problem too.
[[nodiscard]] Result<Config> parse_config(std::string_view text, std::string_view file_name,
                                          const OptionTable& table);

// The text of one option in a configuration that may be wrong elsewhere. nullopt: it is not TOML,
// or it does not have this option as a text.
[[nodiscard]] std::optional<std::string> find_config_text(std::string_view text,
                                                          std::string_view section,
                                                          std::string_view key);

}  // namespace octroi
