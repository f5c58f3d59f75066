// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

// Traffic of a meter that another meter is charged for: attribution gives it to
// @excluded/duplicate.

#include <string>
#include <vector>

#include "base/address.hpp"
#include "base/time.hpp"

namespace octroi {

struct DuplicateTraffic {
    // Traffic with an end in one of these. Empty: all traffic of the meter.
    std::vector<Prefix> ends;
    std::vector<std::string> services;  // of these; empty: of all
    Interval times;                     // in this interval

    auto operator<=>(const DuplicateTraffic&) const = default;
};

}  // namespace octroi
