// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include <cstdint>

#include "base/result.hpp"

namespace octroi {

// What the kernel says about this process: proc(5).
struct ProcessFigures {
    std::uint64_t start_time_s = 0;     // since 1970, UTC
    std::uint64_t cpu_time_s = 0;       // user and system, all threads
    std::uint64_t resident_octets = 0;  // memory
    std::uint64_t open_files = 0;
};

[[nodiscard]] Result<ProcessFigures> process_figures();

// File descriptors of this process are below this number (the soft limit of RLIMIT_NOFILE).
[[nodiscard]] std::uint64_t open_files_max();
// How many more this process can open. 0 also if there are too few to find out.
[[nodiscard]] std::uint64_t free_descriptors();
// Those that meters leave for the rest of the process: files of the ledger, snapshots, syncs.
inline constexpr std::uint64_t spare_descriptors = 32;

}  // namespace octroi
