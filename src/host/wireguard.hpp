// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

// WG_CMD_GET_DEVICE of the generic netlink family "wireguard" (linux/wireguard.h).

#include <string>
#include <vector>

#include "base/result.hpp"

namespace octroi {

// As CounterHost::wireguard_device().
[[nodiscard]] Result<std::vector<std::string>> read_wireguard_device(int index);

}  // namespace octroi
