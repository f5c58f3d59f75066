// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

// Counters. A component declares them in a constexpr table of CounterInfo, from which the
// documentation is made, and returns their values in the order of the table.

#include <cstdint>
#include <span>
#include <string_view>

namespace octroi {

struct CounterInfo {
    std::string_view name;  // "capture_frames_total": component, thing, unit or _total
    std::string_view help;  // one sentence
};

// A chapter of docs/counters.md: the counters of one component.
struct CounterChapter {
    std::string_view title;
    std::string_view about;  // one sentence; may be empty
    std::span<const CounterInfo> counters;
};

struct CounterValue {
    std::string_view name;
    std::uint64_t value = 0;
};

}  // namespace octroi
