// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

// Configuration text to Config. Pure: reading the file is the caller's.

#include <string_view>

#include "base/result.hpp"
#include "config/config.hpp"
#include "config/option.hpp"

namespace octroi {

// Reads TOML text and checks it against the option table. `file_name` is for messages only.
//
// An Error (ErrorCode::invalid) holds every problem that was found, a line each, in the order of
// the file: "octroi.toml:7:1: [meter] ring_sise: unknown option; did you mean ring_size?". Nothing
// that is wrong is passed over, and no unknown key is ignored.
[[nodiscard]] Result<Config> parse_config(std::string_view text, std::string_view file_name);

// The same with another table: for tests of what a table can say.
[[nodiscard]] Result<Config> parse_config(std::string_view text, std::string_view file_name,
                                          const OptionTable& table);

}  // namespace octroi
