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

#include "host/interfaces.hpp"

namespace octroi::ebpf {

struct MeteredInterfaces {
    std::vector<const Interface*> chosen;  // get programs; by index
    std::set<int> covered;                 // indexes of these and of those on them
    // Names of those that were not asked for: the other ports of a bridge or VRF that routes. What
    // comes in there, and what comes in at a chosen port, leaves the bridge in the same way.
    std::vector<std::string> added;
    // Why a named interface gets no programs: it stands on another named one, which does. Its
    // packets would count twice.
    std::vector<std::string> conflicts;
    // Names of ppp interfaces of which it is not known whether they stand on a covered one. They
    // count as not covered: if they do, what comes in there and is routed counts twice.
    std::vector<std::string> unplaced;
};

// A name in the configuration may be a pattern: * stands for any characters, ? for one.
[[nodiscard]] bool is_pattern(std::string_view name);
[[nodiscard]] bool matches(std::string_view pattern, std::string_view name);

// names: of the configuration; empty: all physical interfaces, or where there are none the lowest
// ones. Absent interfaces are left out. The interfaces must outlive the result.
[[nodiscard]] MeteredInterfaces metered_interfaces(const std::vector<Interface>& present,
                                                   const std::vector<std::string>& names);
// The covered interfaces, if these interfaces, by index, have no programs.
[[nodiscard]] std::set<int> covered_without(const std::set<int>& failed,
                                            const MeteredInterfaces& metered,
                                            const std::vector<Interface>& present);
// For people: conflicts, and ppp interfaces with packets that may count twice.
[[nodiscard]] std::vector<std::string> warnings_of(const MeteredInterfaces& metered);

}  // namespace octroi::ebpf
