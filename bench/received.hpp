// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include <cstdint>

namespace octroi::bench {

// The result of one receiver and one sender on the loopback interface.
struct Received {
    double seconds_per_million = -1;  // CPU time of the receiver; below 0: the run failed
    std::uint64_t dropped = 0;        // datagrams dropped by the kernel
    double rate = 0;                  // records a second that the sender really sent
    double rest = 0;  // time that the receiver needed after the sender had ended, divided by the
                      // time of the sender
};

}  // namespace octroi::bench
