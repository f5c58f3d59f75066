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

bool SocketLosses::has_new(std::span<const SocketDrops> now) const {
    return std::ranges::any_of(now, [&](const SocketDrops& entry) {
        const auto before = std::ranges::find(reported_, entry.socket, &SocketDrops::socket);
        return entry.dropped != (before == reported_.end() ? 0 : before->dropped);
    });
}

void SocketLosses::add_losses(std::vector<SocketDrops> now, const Interval& interval,
                              std::uint64_t missing, std::vector<Loss>& losses) {
    for (const SocketDrops& entry : now) {
        const auto before = std::ranges::find(reported_, entry.socket, &SocketDrops::socket);
        const std::uint32_t known = before == reported_.end() ? 0 : before->dropped;
        // Unsigned: the difference is right also when the count has wrapped.
        const std::uint32_t more = entry.dropped - known;
        const auto in_gaps = static_cast<std::uint32_t>(std::min<std::uint64_t>(missing, more));
        missing -= in_gaps;
        if (more > in_gaps)
            losses.push_back(
                {entry.socket, LossReason::socket_drop, interval, more - in_gaps, std::nullopt});
    }
    reported_ = std::move(now);
}

}  // namespace octroi::collector
