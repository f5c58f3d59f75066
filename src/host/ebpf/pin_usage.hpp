// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

// Pins that meters have left behind in other network namespaces.

#include <string>

#include "base/result.hpp"

namespace octroi {

// Removes the folder of pins with its maps, if nothing counts with them any more: no process has
// locked it, no pinned link is at an interface that exists or at control groups, and no other
// program uses the maps. False: something does, and the folder stays. path: with that of bpffs.
// Errors: permission, not_found, failed.
[[nodiscard]] Result<bool> remove_unused_pins(const std::string& path);

}  // namespace octroi
