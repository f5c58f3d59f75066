// SPDX-License-Identifier: GPL-3.0-or-later
#include "meter/counters/peer_addresses.hpp"

#include "record/identity_values.hpp"

namespace octroi::counters {
namespace {

bool is_of_one_peer(const Prefix& prefix) {
    return prefix.length >= (prefix.address.family == Family::v4 ? PeerAddresses::v4_length_min
                                                                 : PeerAddresses::v6_length_min);
}

}  // namespace

std::vector<IdentityEvent> PeerAddresses::update(const std::vector<PeerPrefix>& present,
                                                 UtcTime wall, Duration uptime) {
    std::map<Prefix, const std::string*> now;
    refused_ = 0;
    for (const PeerPrefix& one : present) {
        if (!is_of_one_peer(one.prefix) || now.size() == prefixes_max)
            ++refused_;
        else
            now.emplace(one.prefix, &one.peer);
    }
    std::vector<IdentityEvent> events;
    std::erase_if(stated_, [&](const auto& entry) {
        if (now.contains(entry.first)) return false;
        events.push_back({wall, identity_of(entry.first), no_holder()});
        return true;
    });
    for (const auto& [prefix, peer] : now) {
        Stated& stated = stated_[prefix];
        const Duration age = uptime - stated.at;
        if (stated.peer == *peer && age + age < valid_for) continue;
        stated = {*peer, uptime};
        events.push_back({wall, identity_of(prefix), peer_identity(*peer), wall + valid_for});
    }
    return events;
}

}  // namespace octroi::counters
