// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

// The least possible cost of events of connection tracking: a netlink socket that receives those of
// connections that end, and counts them.

#include <cstdint>
#include <memory>
#include <string>

#include "floor_process.hpp"

namespace octroi::bench {

struct EventCounts {
    std::uint64_t events = 0;
    std::uint64_t overruns = 0;  // times that the buffer was full (ENOBUFS)
    double cpu_seconds = 0;      // of all of its life
};

// A process in a network namespace. buffer_octets: of the socket; 0: the default of the kernel.
using EventFloor = FloorProcess<EventCounts>;
[[nodiscard]] std::unique_ptr<EventFloor> start_event_floor(const std::string& space,
                                                            int buffer_octets, int processor);

}  // namespace octroi::bench
