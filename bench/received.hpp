// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include <cstdint>

namespace octroi::bench {

// What a receiver did with what a sender sent over the loopback.
struct Received {
    double seconds_per_million = -1;  // CPU, of the receiver; below 0: something went wrong
    std::uint64_t dropped = 0;        // datagrams, by the kernel
    double rate = 0;                  // records a second that the sender reached
    double rest = 0;  // seconds for which the receiver went on after the sender, by those of the
                      // sender
};

}  // namespace octroi::bench
