// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include <string>

namespace octroi {

// The name of this machine (gethostname(2)); "localhost" if it has none.
[[nodiscard]] std::string host_name();

}  // namespace octroi
