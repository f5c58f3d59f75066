// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

// What the meter of accounting rules must know after a restart, as the content of a state file.

#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "base/result.hpp"
#include "meter/cumulative/cumulative_counters.hpp"
#include "meter/nftables/rule_names.hpp"

namespace octroi::accounting {

struct RulesState {
    cumulative::CumulativeCounters values;  // of all counters, also of those that nothing uses
    std::vector<RuleBooking> bookings;      // of rules in force, and of counters of rules gone
    // Counters that nothing referred to in the last reading: where one of them is gone, nothing is
    // lost.
    std::vector<std::string> unused;
};

[[nodiscard]] std::string save_state(const cumulative::CumulativeCounters& values,
                                     std::span<const RuleBooking> bookings,
                                     std::span<const std::string> unused);
// Also reads the values alone, as versions before wrote them. Errors: corrupt.
[[nodiscard]] Result<RulesState> restore_state(std::string_view saved);

}  // namespace octroi::accounting
