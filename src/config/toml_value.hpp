// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include "base/result.hpp"
#include "config/option.hpp"
#include "config/toml_text.hpp"

namespace octroi {

// Converts a TOML node to the type of the option. The error states the expected and the found form.
[[nodiscard]] Result<OptionValue> read_value(const Option& option, const toml::node& node);

}  // namespace octroi
