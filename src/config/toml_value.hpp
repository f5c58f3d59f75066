// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include "base/result.hpp"
#include "config/option.hpp"
#include "config/toml_text.hpp"

namespace octroi {

// The value of a TOML node as the row's type. The error says which form was expected and which was
// found.
[[nodiscard]] Result<OptionValue> read_value(const Option& option, const toml::node& node);

}  // namespace octroi
