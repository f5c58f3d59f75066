// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include <string>
#include <vector>

#include "base/result.hpp"

namespace octroi {

// The capabilities(7) for live capture that are not in the effective set of this process:
// CAP_NET_RAW (packet sockets) and CAP_NET_ADMIN (promiscuous mode, large buffers). If the kernel
// does not answer: both.
[[nodiscard]] std::vector<std::string> missing_capture_capabilities();

// The path of the running program, for messages ("setcap … PATH"). Unknown: "octroi".
[[nodiscard]] std::string program_path();

// Raises the soft limit of open files (RLIMIT_NOFILE) to the hard limit, at most to 65536. A
// failure is ignored: opening a file reports it later.
void raise_open_file_limit();

}  // namespace octroi
