// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include <vector>

#include "config/option.hpp"

namespace octroi {

// The rules between options: names that must differ, references between sections, interfaces that
// two meters bill, and the checks of the meter kinds of the table.
void check_rules(const Config& config, const OptionTable& table, std::vector<Problem>& problems);

}  // namespace octroi
