// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

// The least possible cost of live capture: a ring of packet(7) (TPACKET_V3) that is read and
// counted. It does nothing that makes a meter correct.

#include <cstdint>
#include <memory>
#include <string>

#include "floor_process.hpp"

namespace octroi::bench {

struct RingCounts {
    std::uint64_t packets = 0;
    std::uint64_t octets = 0;
    std::uint64_t dropped = 0;  // by the kernel: the ring was full
    double cpu_seconds = 0;     // of all of its life
};

// A process with such a ring, on an interface of a network namespace.
using RingFloor = FloorProcess<RingCounts>;
[[nodiscard]] std::unique_ptr<RingFloor> start_ring_floor(const std::string& space,
                                                          const std::string& link, int processor);

}  // namespace octroi::bench
