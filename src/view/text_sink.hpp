// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include <functional>
#include <string_view>

#include "base/result.hpp"

namespace octroi {

// The destination of text: a file, a socket, or the string of a test. The text is valid during the
// call only. An error ends the writing and is returned to the caller of the writer: whether a
// closed pipe is an error is for that caller to decide.
using TextSink = std::function<Status(std::string_view)>;

}  // namespace octroi
