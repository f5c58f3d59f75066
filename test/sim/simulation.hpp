// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

// One simulation run from one seed, on one thread and with its own clock.

#include <cstdint>
#include <string>

#include "base/result.hpp"

namespace octroi::sim {

struct Figures {
    std::uint64_t steps = 0;
    std::uint64_t packets = 0;
    std::uint64_t bytes = 0;
    std::uint64_t batches = 0;
    std::uint64_t crashes = 0;
    std::uint64_t full_disks = 0;
    std::uint64_t retries = 0;
    std::uint64_t conflicts = 0;
    std::uint64_t losses = 0;
    std::uint64_t changes = 0;

    Figures& operator+=(const Figures& o);
};

struct Outcome {
    Figures figures;
    Status status;              // the error is the difference
    std::uint64_t at_step = 0;  // the step of the error
};

// `folder` must be empty and used by this run only.
[[nodiscard]] Outcome simulate(std::uint64_t seed, std::uint64_t steps, const std::string& folder);

}  // namespace octroi::sim
