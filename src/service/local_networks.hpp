// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include <string>
#include <vector>

#include "host/interfaces.hpp"
#include "record/directory.hpp"

namespace octroi {

struct HostNetworks {
    std::vector<LocalNetwork> local;
    std::vector<std::string> outside;  // prefixes of networks of the interfaces that are not local
    std::string uplinks;               // the interfaces with such networks, as "eth0, eth1"
};

// The local networks where none is declared: those of this machine's interfaces, without loopback.
// If the machine routes, the network of an interface with a default route is not local, because
// others have addresses in it; of these only the own addresses are (docs/decisions/0012).
[[nodiscard]] HostNetworks networks_of(const std::vector<Interface>& present);

}  // namespace octroi
