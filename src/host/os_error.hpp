// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include <string_view>

#include "base/result.hpp"

namespace octroi {

// The Error for a failed system call: "cannot <what>: <the system's word for errno>", with the code
// that fits errno. Called at once after the call.
[[nodiscard]] std::unexpected<Error> os_failure(std::string_view what);

}  // namespace octroi
