// SPDX-License-Identifier: GPL-3.0-or-later
#include "service/local_networks.hpp"

#include <algorithm>

namespace octroi {

std::vector<LocalNetwork> networks_of(const std::vector<Interface>& present) {
    std::vector<LocalNetwork> networks;
    for (const Interface& i : present) {
        if (i.loopback) continue;
        for (const InterfaceAddress& address : i.addresses) {
            LocalNetwork network{to_string(address.network), true};
            if (std::ranges::find(networks, network) == networks.end())
                networks.push_back(std::move(network));
        }
    }
    return networks;
}

}  // namespace octroi
