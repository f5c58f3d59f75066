// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

// Option values: from text to the row's type, and whether they are within the row's range.

#include <string_view>

#include "base/result.hpp"
#include "config/option.hpp"

namespace octroi {

// The text of a duration, a size, a choice or a text, as the row's type has it. Not for other
// types.
[[nodiscard]] Result<OptionValue> parse_option_text(const Option& option, std::string_view text);

// Refuses a value outside Option::range. The error says the range, not the place.
[[nodiscard]] Status check_range(const Option& option, const OptionValue& value);

// "capture|flow" -> {"capture", "flow"}
[[nodiscard]] std::vector<std::string_view> choices(const Option& option);

}  // namespace octroi
