// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include <string>
#include <vector>

#include "base/result.hpp"

namespace octroi {

// capabilities(7) that live capture wants and this process does not have in its effective set:
// CAP_NET_RAW (packet sockets), CAP_NET_ADMIN (promiscuous mode, large buffers). Empty: nothing is
// missing.
[[nodiscard]] std::vector<std::string> missing_capture_capabilities();

// The path of the running program, for messages ("setcap … PATH").
[[nodiscard]] std::string program_path();

// Raises the soft limit of open files to the hard one, at most to 65536.
void allow_many_files();

}  // namespace octroi
