// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include <algorithm>
#include <vector>

#include "host/interfaces.hpp"

namespace octroi::capture {

// Whether this machine forwards packets of one interface to another.
[[nodiscard]] inline bool routes(const std::vector<Interface>& present) {
    return std::ranges::any_of(present, [](const Interface& i) {
        return !i.loopback && (i.forwards_v4 || i.forwards_v6);
    });
}

}  // namespace octroi::capture
