// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include <string>

#include "base/result.hpp"
#include "base/time.hpp"

namespace octroi {

// When the content of a file was last changed, from stat(2). Errors: not_found, permission.
[[nodiscard]] Result<UtcTime> modified_time(const std::string& path);

}  // namespace octroi
