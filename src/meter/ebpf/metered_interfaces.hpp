// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

// Which interfaces get programs, so that each packet passes the programs once where it comes in.
//
// Interfaces stand on one another: a bridge, bond or VRF on its ports, a VLAN or MACVLAN device, or
// PPPoE, on the interface below. A packet that comes in at a port comes in again at what stands on
// it. So programs are at the lowest interfaces only, and everything on them is covered: a packet
// that came in there has passed a program.

#include <set>
#include <string>
#include <string_view>
#include <vector>

#include "base/result.hpp"
#include "host/interfaces.hpp"

namespace octroi::ebpf {

struct MeteredInterfaces {
    std::vector<const Interface*> chosen;  // get programs; by index
    std::set<int> covered;                 // indexes of these and of those on them
    // Names of those that were not asked for: the other ports of a bridge or VRF that routes. What
    // comes in there, and what comes in at a chosen port, leaves the bridge in the same way.
    std::vector<std::string> added;
};

// A name in the configuration may be a pattern: * stands for any characters, ? for one.
[[nodiscard]] bool is_pattern(std::string_view name);
[[nodiscard]] bool matches(std::string_view pattern, std::string_view name);

// names: of the configuration; empty: all physical interfaces, or where there are none the lowest
// ones. Absent interfaces are left out. The interfaces must outlive the result. Errors: invalid
// (two interfaces are named of which one stands on the other).
[[nodiscard]] Result<MeteredInterfaces> metered_interfaces(const std::vector<Interface>& present,
                                                           const std::vector<std::string>& names);

}  // namespace octroi::ebpf
