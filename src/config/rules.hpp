// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include <string>
#include <vector>

#include "config/config.hpp"

namespace octroi {

struct Problem {
    SourceLine where;
    std::string text;

    auto operator<=>(const Problem&) const = default;
};

// The rules between options, for which a row is too small: names that must differ, timeouts that
// must fit each other, traffic that would be charged twice.
void check_rules(const Config& config, std::vector<Problem>& problems);

}  // namespace octroi
