// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

// Control groups of version 2 (cgroups(7)), and programs for the packets of all sockets: links at
// the root of the groups, which a pin in bpffs keeps. Programs of others stay.

#include <cstdint>
#include <map>
#include <string>

#include "base/result.hpp"

namespace octroi {

// Where the hierarchy is mounted. Errors: unsupported (it is not).
[[nodiscard]] Result<std::string> control_group_root();
// The path of each group below the root, by its id: "/system.slice/web.service"; the root is "/".
// A group that ends meanwhile is left out.
[[nodiscard]] Result<std::map<std::uint64_t, std::string>> control_groups();

enum class SocketHook : std::uint8_t { receive, send };

// Attaches the program, or replaces that of the pinned link at once. pin: the path of the pin.
[[nodiscard]] Status attach_at_sockets(SocketHook hook, int program, const std::string& pin);
// True: there was a pinned link.
[[nodiscard]] Result<bool> detach_from_sockets(const std::string& pin);

}  // namespace octroi
