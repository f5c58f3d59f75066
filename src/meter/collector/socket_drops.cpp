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
                              std::int64_t missing, std::vector<Loss>& losses) {
    const auto add = [&](const std::string& socket, std::uint32_t datagrams) {
        if (datagrams > 0)
            losses.push_back({socket, LossReason::socket_drop, interval, datagrams, std::nullopt});
    };
    // Returns how many there were of at most `most`.
    const auto subtract = [](std::uint64_t& from, std::uint32_t most) {
        const auto part = static_cast<std::uint32_t>(std::min<std::uint64_t>(from, most));
        from -= part;
        return part;
    };
    std::uint64_t vanished = missing < 0 ? static_cast<std::uint64_t>(-missing) : 0;
    for (const SocketDrops& entry : explained_)
        add(entry.socket, subtract(vanished, entry.dropped));
    explained_.clear();
    std::uint64_t gaps = missing > 0 ? static_cast<std::uint64_t>(missing) : 0;
    for (const SocketDrops& entry : now) {
        const auto before = std::ranges::find(reported_, entry.socket, &SocketDrops::socket);
        const std::uint32_t known = before == reported_.end() ? 0 : before->dropped;
        // Unsigned: the difference is right also when the count has wrapped.
        const std::uint32_t more = entry.dropped - known;
        const std::uint32_t explained = subtract(gaps, more);
        explained_.push_back({entry.socket, explained});
        add(entry.socket, more - explained);
    }
    reported_ = std::move(now);
}

}  // namespace octroi::collector
