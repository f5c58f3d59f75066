// SPDX-License-Identifier: GPL-3.0-or-later
#include "meter/radius/recent_requests.hpp"

namespace octroi::radius_meter {

bool RecentRequests::add(const Address& client, std::uint16_t port, const radius::Packet& packet) {
    const Key key{client, port, packet.identifier};
    const auto [found, is_new] = known_.try_emplace(key, packet.authenticator);
    if (!is_new) {
        const bool is_same = found->second == packet.authenticator;
        found->second = packet.authenticator;
        return !is_same;
    }
    order_.push_back(key);
    if (order_.size() > limit) {
        known_.erase(order_.front());
        order_.pop_front();
    }
    return true;
}

}  // namespace octroi::radius_meter
