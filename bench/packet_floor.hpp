// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

// The least possible cost of reading a capture. These loops are written to be fast. They do nothing
// that makes a meter correct (options, fragments, tunnels, damaged frames, timeouts, bounds).

#include <cstdint>
#include <string>

#include "base/result.hpp"

namespace octroi::bench {

struct FloorSums {
    std::uint64_t packets = 0;
    std::uint64_t bytes = 0;
    std::uint64_t flows = 0;
};

// (a) Reads blocks and sums the wire lengths in the record headers.
[[nodiscard]] Result<FloorSums> floor_lengths(const std::string& path);
// (b) Reads blocks, extracts the 5-tuple of plain Ethernet frames, and sums IP lengths in an open
// addressing hash table that doubles when it is half full.
[[nodiscard]] Result<FloorSums> floor_flows(const std::string& path);

}  // namespace octroi::bench
