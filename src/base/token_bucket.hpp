// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

// A rate with room for bursts: so many a second, and after a pause so many at once.

#include <algorithm>
#include <cstdint>

#include "base/time.hpp"

namespace octroi {

class TokenBucket {
public:
    // Full at first. rate: in a second, at least 1.
    TokenBucket(std::uint64_t rate, std::uint64_t burst)
        : interval_ns_(1'000'000'000 / static_cast<std::int64_t>(
                                           std::clamp<std::uint64_t>(rate, 1, 1'000'000'000))),
          room_ns_(interval_ns_ * static_cast<std::int64_t>(burst)) {}

    // Takes one if there is one, and says so. `uptime` is a monotonic clock's.
    [[nodiscard]] bool take(Duration uptime) {
        // The moment at which the bucket is full again stands for what is in it.
        const std::int64_t full = std::max(full_at_ns_, uptime.ns) + interval_ns_;
        if (full - uptime.ns > room_ns_) return false;
        full_at_ns_ = full;
        return true;
    }
    // How long until there is one.
    [[nodiscard]] Duration wait(Duration uptime) const {
        return Duration{std::max<std::int64_t>(
            std::max(full_at_ns_, uptime.ns) + interval_ns_ - uptime.ns - room_ns_, 0)};
    }

private:
    std::int64_t interval_ns_;
    std::int64_t room_ns_;
    std::int64_t full_at_ns_ = 0;
};

}  // namespace octroi
