// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

// The last values of the kernel's counts, as a state file holds them.

#include <cstdint>
#include <string>
#include <string_view>

#include "base/result.hpp"
#include "meter/cumulative/cumulative_counters.hpp"

namespace octroi::ebpf {

struct SavedCounts {
    cumulative::CumulativeCounters counters;
    // The map that counted before, if all of its counts are in the values: it may be dropped.
    std::uint32_t finished_map = 0;

    [[nodiscard]] std::string save() const;
    // Errors: corrupt.
    [[nodiscard]] static Result<SavedCounts> restore(std::string_view saved);
};

}  // namespace octroi::ebpf
