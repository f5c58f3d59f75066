// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

// Programs that receive events of connection tracking, as their users start them, and a floor.

#include <cstdint>
#include <functional>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace octroi::bench {

// One run beside a sender.
struct EventRun {
    double cpu_seconds = 0;         // of all processes of the program
    std::uint64_t connections = 0;  // that the program has counted
    std::uint64_t recorded = 0;     // that it reports as lost, at most
};

struct EventSetup {
    std::string space;
    std::string folder;          // exists and is empty
    bool large_buffers = false;  // as large as that of octroi, instead of the default of each
    std::function<bool()> send;  // returns when all connections have ended
};

struct EventProgram {
    std::string_view name;
    std::string_view does;
    // Nothing: the run failed.
    std::optional<EventRun> (*run)(const EventSetup& setup);
};

// The floor first, then octroi, then those that are installed. with_small_floor: also a floor with
// the default buffer of the kernel.
[[nodiscard]] std::vector<EventProgram> event_programs(bool with_small_floor);

}  // namespace octroi::bench
