// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

// Programs that a benchmark starts and measures. Each is the leader of a process group.

#include <sys/types.h>

#include <chrono>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace octroi::bench {

inline constexpr auto moment = std::chrono::milliseconds(20);

// The path of an installed program; empty: it is not installed.
[[nodiscard]] std::string find_program(std::string_view name);

struct ProgramPlace {
    int processor = -1;  // the one that it runs on; -1: any
    // Before other processes (SCHED_RR), so that their load does not make it lose packets.
    bool before_others = false;
    std::string output = "/dev/null";
};
// Starts a program without input.
[[nodiscard]] pid_t start_program(const std::vector<std::string>& words,
                                  const ProgramPlace& place = {});

// The calling process and its children run before others.
void run_before_others();

// CPU seconds of all processes of a group (proc(5): fields 5, 14, 15), in steps of 10 ms.
[[nodiscard]] double cpu_of_group(pid_t group);

// Waits for the end of a program that was asked to end, and returns the CPU seconds of all of its
// life; nothing: it had to be killed, or failed.
[[nodiscard]] std::optional<double> end_of_program(pid_t child);

}  // namespace octroi::bench
