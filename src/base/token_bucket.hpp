// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

// A rate limiter (RFC 2697 uses the same term): on average `rate` tokens a second, and up to
// `burst` at once after a pause. Keeps one time stamp; needs no timer.

#include <algorithm>
#include <cstdint>

#include "base/time.hpp"

namespace octroi {

class TokenBucket {
public:
    // Starts full. rate: tokens a second, 1 to 10^9 (values outside are clamped). burst: the
    // capacity in tokens, at least 1.
    TokenBucket(std::uint64_t rate, std::uint64_t burst)
        : interval_ns_(1'000'000'000 / static_cast<std::int64_t>(
                                           std::clamp<std::uint64_t>(rate, 1, 1'000'000'000))),
          capacity_ns_(interval_ns_ * static_cast<std::int64_t>(burst)) {}

    // Consumes one token. False: there is none at the moment. uptime: of a monotonic clock.
    [[nodiscard]] bool try_consume(Duration uptime) {
        // The level is stored as the moment at which the bucket would be full again.
        const std::int64_t full = std::max(full_at_ns_, uptime.ns) + interval_ns_;
        if (full - uptime.ns > capacity_ns_) return false;
        full_at_ns_ = full;
        return true;
    }
    // The time until try_consume() can succeed; 0: now.
    [[nodiscard]] Duration wait(Duration uptime) const {
        return Duration{std::max<std::int64_t>(
            std::max(full_at_ns_, uptime.ns) + interval_ns_ - uptime.ns - capacity_ns_, 0)};
    }

private:
    std::int64_t interval_ns_;  // between two tokens
    std::int64_t capacity_ns_;  // the time in which an empty bucket fills
    std::int64_t full_at_ns_ = 0;
};

}  // namespace octroi
