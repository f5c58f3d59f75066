// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

// What reading a capture costs at least. Honest floors: written to be fast, with none of what makes
// a meter right (options, fragments, tunnels, damage, time-outs, bounds).

#include <cstdint>
#include <string>

#include "base/result.hpp"

namespace octroi::bench {

struct FloorSums {
    std::uint64_t packets = 0;
    std::uint64_t bytes = 0;
    std::uint64_t flows = 0;
};

// (a) reads blocks, walks the record headers, sums the lengths on the wire.
[[nodiscard]] Result<FloorSums> floor_lengths(const std::string& path);
// (b) reads blocks, takes the 5-tuple out of plain Ethernet frames, and sums IP lengths in an open
// addressing table that doubles when it is half full.
[[nodiscard]] Result<FloorSums> floor_flows(const std::string& path);

}  // namespace octroi::bench
