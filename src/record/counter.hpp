// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

// Everything that moves is counted. A component states its counters as a constexpr table of
// CounterInfo (the documentation is printed from it) and hands out their values.

#include <cstdint>
#include <string_view>

namespace octroi {

struct CounterInfo {
    std::string_view name;  // "capture_frames_total": component, thing, unit or _total
    std::string_view help;  // one sentence
};

struct CounterValue {
    std::string_view name;
    std::uint64_t value = 0;
};

}  // namespace octroi
