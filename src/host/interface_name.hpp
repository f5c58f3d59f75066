// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include <string>

namespace octroi {

// The name of the interface with this index in this network namespace; empty: there is none.
[[nodiscard]] std::string interface_name(int index);

}  // namespace octroi
