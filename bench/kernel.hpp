// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

// Meters that read the kernel, beside other programs and minimal loops, in network namespaces.

#include <cstdint>
#include <span>
#include <string>

namespace octroi::bench {

struct KernelOptions {
    std::string only;  // a part: capture, forward, connections; empty: all
    unsigned rounds = 9;
    std::uint64_t packets = 200'000;  // of each measurement of `forward`
    std::uint64_t routes = 900'000;   // of the class table
    double rate = 200'000;            // packets a second of `capture`
    double connection_rate = 20'000;  // connections a second
    unsigned seconds = 10;            // of each run of `capture` and `connections`
    std::string case_name;            // of `forward`: only cases with this in their names
    std::string directory = "/tmp";
};

// Each prints a table. False: a measurement failed.
bool measure_capture(const KernelOptions& options);
bool measure_forwarding(const KernelOptions& options);
bool measure_connections(const KernelOptions& options);

// `octroi_bench kernel [options]`; the process's exit status.
int kernel(std::span<const char* const> arguments);

}  // namespace octroi::bench
