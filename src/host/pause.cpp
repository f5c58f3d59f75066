// SPDX-License-Identifier: GPL-3.0-or-later
#include "host/pause.hpp"

#include <poll.h>

#include <algorithm>

namespace octroi {

void pause_for(Duration time) {
    constexpr std::int64_t milliseconds_max = 60'000;
    const std::int64_t ms = std::clamp<std::int64_t>(time.ns / 1'000'000, 0, milliseconds_max);
    static_cast<void>(::poll(nullptr, 0, static_cast<int>(ms)));
}

}  // namespace octroi
