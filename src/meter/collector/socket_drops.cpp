// SPDX-License-Identifier: GPL-3.0-or-later
#include "meter/collector/socket_drops.hpp"

#include <algorithm>

namespace octroi::collector {

void SocketLosses::on_start(std::span<const SocketDrops> now) {
    for (SocketDrops& entry : reported_) {
        const auto same = std::ranges::find(now, entry.socket, &SocketDrops::socket);
        if (same == now.end() || same->dropped < entry.dropped) entry.dropped = 0;
    }
}

void SocketLosses::add_losses(std::vector<SocketDrops> now, const Interval& interval,
                              std::vector<Loss>& losses) {
    for (const SocketDrops& entry : now) {
        const auto before = std::ranges::find(reported_, entry.socket, &SocketDrops::socket);
        const std::uint32_t known = before == reported_.end() ? 0 : before->dropped;
        // Unsigned: the difference is right also when the count has wrapped.
        if (const std::uint32_t more = entry.dropped - known; more > 0)
            losses.push_back({entry.socket, LossReason::socket_drop, interval, more, std::nullopt});
    }
    reported_ = std::move(now);
}

}  // namespace octroi::collector
