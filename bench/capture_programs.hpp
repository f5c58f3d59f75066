// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

// Programs that capture packets live, as their users start them, and a floor.

#include <functional>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace octroi::bench {

// One run beside a sender.
struct CaptureRun {
    double cpu_seconds = 0;      // of all processes of the program
    std::uint64_t packets = 0;   // that the program has counted
    std::uint64_t recorded = 0;  // packets that it reports as lost
};

struct CaptureSetup {
    std::string space;
    std::string link;
    std::string folder;          // exists and is empty
    std::function<bool()> send;  // returns when all packets are sent
};

struct CaptureProgram {
    std::string_view name;
    std::string_view counts;  // what it does with a packet
    // Nothing: the run failed.
    std::optional<CaptureRun> (*run)(const CaptureSetup& setup);
};

// The floor first, then octroi, then those that are installed.
[[nodiscard]] std::vector<CaptureProgram> capture_programs();

}  // namespace octroi::bench
