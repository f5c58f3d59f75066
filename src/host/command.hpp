// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

// Runs a program of this machine to its end and returns what it prints.

#include <cstddef>
#include <functional>
#include <span>
#include <string>

#include "base/result.hpp"
#include "base/time.hpp"

namespace octroi {

struct CommandLimits {
    std::size_t octets = std::size_t{64} << 20U;  // of the output
    Duration time = Duration::seconds(10);        // then it is killed
    // Asked some times a second. True: it is killed, and the error is `interrupted`.
    std::function<bool()> stop_requested = {};
};

// arguments: the program (found in PATH if it has no '/') and its arguments; no shell is involved.
// Its input is empty. Any thread; blocks for at most limits.time, after which the program and what
// it has started are killed. Errors: not_found (no such
// program), over_limit, interrupted, failed (its status is not 0: the text has the first line of
// its errors; it did not end in time).
[[nodiscard]] Result<std::string> run_command(std::span<const std::string> arguments,
                                              const CommandLimits& limits = {});

}  // namespace octroi
