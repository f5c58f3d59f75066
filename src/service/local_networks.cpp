// SPDX-License-Identifier: GPL-3.0-or-later
#include "service/local_networks.hpp"

#include <algorithm>

namespace octroi {
namespace {

bool is_link_local(const Prefix& network) {
    const auto& o = network.address.octets;
    return network.address.family == Family::v6 && o[0] == 0xfe && (o[1] & 0xc0U) == 0x80;
}

bool is_uplink(const Interface& interface, Family family) {
    return family == Family::v4 ? interface.uplink_v4 : interface.uplink_v6;
}

bool has_network(const Interface& interface, Family family) {
    return std::ranges::any_of(interface.addresses, [&](const InterfaceAddress& address) {
        return address.network.address.family == family && !is_link_local(address.network);
    });
}

// Whether this machine forwards what comes in from a network that is not behind a default route.
bool routes(const std::vector<Interface>& present, Family family) {
    return std::ranges::any_of(present, [&](const Interface& i) {
        const bool forwards = family == Family::v4 ? i.forwards_v4 : i.forwards_v6;
        return i.up && !i.loopback && forwards && !is_uplink(i, family) && has_network(i, family);
    });
}

// Link-local addresses do not say on which interface they are.
bool is_outside(const Interface& interface, const Prefix& network,
                const std::vector<Interface>& present) {
    const Family family = network.address.family;
    return is_uplink(interface, family) && !is_link_local(network) && routes(present, family);
}

void add(std::vector<LocalNetwork>& networks, const Prefix& prefix) {
    LocalNetwork network{to_string(prefix), true};
    if (std::ranges::find(networks, network) == networks.end())
        networks.push_back(std::move(network));
}

// Returns whether its network is outside.
bool add_address(const InterfaceAddress& each, bool outside, HostNetworks& networks) {
    if (outside)
        networks.outside.push_back(to_string(each.network));
    else
        add(networks.local, each.network);
    // On a point-to-point link the network is the address of the peer.
    if (outside || Prefix::of(each.address, each.network.length) != each.network)
        add(networks.local, Prefix::of(each.address, each.address.bits()));
    return outside;
}

}  // namespace

HostNetworks networks_of(const std::vector<Interface>& present) {
    HostNetworks networks;
    for (const Interface& i : present) {
        if (i.loopback) continue;
        bool has_outside = false;
        for (const InterfaceAddress& each : i.addresses)
            has_outside |= add_address(each, is_outside(i, each.network, present), networks);
        if (has_outside) networks.uplinks += (networks.uplinks.empty() ? "" : ", ") + i.name;
    }
    // The network of an inside interface may be the same: it is local.
    std::erase_if(networks.outside, [&](const std::string& prefix) {
        return std::ranges::find(networks.local, prefix, &LocalNetwork::prefix) !=
               networks.local.end();
    });
    return networks;
}

}  // namespace octroi
