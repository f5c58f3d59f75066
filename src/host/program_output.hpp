// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include <cstddef>
#include <string>
#include <vector>

#include "base/result.hpp"
#include "base/time.hpp"

namespace octroi {

// Runs a program of the folders of system programs (/usr/sbin, /sbin, /usr/bin, /bin) and returns
// its standard output. Its standard input is empty; its environment is that of the system (PATH,
// LC_ALL=C). Ends it when `limit` is over or its output has more octets than `octets_max`. Blocks
// the thread. Errors: not_found (there is no such program), over_limit, failed (it cannot be
// started, or its exit status is not 0: the text has its first line of standard error).
[[nodiscard]] Result<std::string> program_output(const std::vector<std::string>& arguments,
                                                 std::size_t octets_max, Duration limit);

}  // namespace octroi
