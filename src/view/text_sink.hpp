// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include <functional>
#include <string_view>

#include "base/result.hpp"

namespace octroi {

// The destination of text: a file, a socket, or a string in a test. The text is valid only during
// the call. If the sink returns an error, the writer stops and returns it to its caller. That
// caller decides whether a closed pipe is an error.
using TextSink = std::function<Status(std::string_view)>;

}  // namespace octroi
