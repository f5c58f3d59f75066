// SPDX-License-Identifier: GPL-3.0-or-later
#include "meter/capture/options.hpp"

#include <fmt/format.h>

namespace octroi::capture {

void check_options(std::span<const MeterConfig* const> meters, std::vector<Problem>& problems) {
    for (const MeterConfig* meter : meters) {
        const Duration inactive = meter->options.duration("inactive_timeout");
        const Duration active = meter->options.duration("active_timeout");
        if (inactive <= active) continue;
        problems.push_back(
            {meter->where, fmt::format("[meter] {}: inactive_timeout ({}) is longer than "
                                       "active_timeout ({}) and would never be reached",
                                       meter->name, to_string(inactive), to_string(active))});
    }
}

}  // namespace octroi::capture
