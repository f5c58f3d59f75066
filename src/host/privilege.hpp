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

}  // namespace octroi
