// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

// Option values: from text to the type of a row, the check of its range, and its default.

#include <string_view>

#include "base/result.hpp"
#include "config/option.hpp"

namespace octroi {

// Parses the text of an integer, a duration, a size, a choice or a text. Other types give a text.
[[nodiscard]] Result<OptionValue> parse_option_text(const Option& option, std::string_view text);

// Refuses a value outside Option::range. The error names the range, not the option.
[[nodiscard]] Status check_range(const Option& option, const OptionValue& value);

// "capture|flow" -> {"capture", "flow"}
[[nodiscard]] std::vector<std::string_view> choices(const Option& option);

// Option::default_text as a value; of a required option, its example. A text that is no value of
// the row's type is a bug, and aborts.
[[nodiscard]] OptionValue default_value(const Option& option);
// The defaults of all rows, by key.
[[nodiscard]] OptionValues default_values(std::span<const Option> options);

}  // namespace octroi
