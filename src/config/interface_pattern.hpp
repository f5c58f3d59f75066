// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

// Names of interfaces in [[meter]] that may be patterns: * is any text, ? is one octet.

#include <string_view>

namespace octroi {

[[nodiscard]] bool is_interface_pattern(std::string_view name);
// Whether both may mean one interface. Of two patterns this is always assumed.
[[nodiscard]] bool may_mean_one_interface(std::string_view a, std::string_view b);

}  // namespace octroi
