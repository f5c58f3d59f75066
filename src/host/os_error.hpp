// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include <string_view>

#include "base/result.hpp"

namespace octroi {

// The Error for a failed system call: "cannot <what>: <text of errno>", with the ErrorCode that
// corresponds to errno. `what`: a verb and its object: "open /etc/x". Reads errno, so nothing may
// be called between the system call and this function; arguments that are built in the call, such
// as fmt::format(), are the exception: they keep errno when they succeed.
[[nodiscard]] std::unexpected<Error> os_failure(std::string_view what);
// The same error, with "; next: <next>" behind its text.
[[nodiscard]] std::unexpected<Error> with_next(std::unexpected<Error> failure,
                                               std::string_view next);

}  // namespace octroi
