// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

// Everything that moves is counted. A component states its counters as a constexpr table of
// CounterInfo (the documentation and the names of the metrics are made from it) and hands out their
// values.

#include <cstdint>
#include <span>
#include <string_view>

namespace octroi {

struct CounterInfo {
    // "capture_frames_total": component, thing, unit. What only grows ends in _total, what may
    // shrink does not. A unit is bytes or seconds and stands at the end or before _total.
    std::string_view name;
    std::string_view help;  // one sentence
    // The labels that tell its series apart, separated by commas; empty: there is one series.
    std::string_view labels = "meter";
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
