// SPDX-License-Identifier: GPL-3.0-or-later
// `octroi_bench NAME [options]`: measures stages and a floor in the same run, and prints ratios.
#include <fmt/format.h>

#include <array>
#include <cstdio>
#include <span>
#include <string_view>
#include <vector>

#include "collector.hpp"
#include "kernel.hpp"
#include "ledger.hpp"
#include "logs.hpp"
#include "packets.hpp"

namespace {

struct Benchmark {
    std::string_view name;
    int (*run)(std::span<const char* const> arguments);
};

constexpr std::array<Benchmark, 5> benchmarks = {{
    {"packets", octroi::bench::packets},
    {"collector", octroi::bench::collector},
    {"ledger", octroi::bench::ledger},
    {"kernel", octroi::bench::kernel},
    {"logs", octroi::bench::logs},
}};

}  // namespace

int main(int argc, char** argv) {
    const std::vector<const char*> arguments(argv + (argc > 0 ? 1 : 0), argv + argc);
    if (arguments.empty()) {
        for (const Benchmark& b : benchmarks)
            if (const int status = b.run({}); status != 0) return status;
        return 0;
    }
    for (const Benchmark& b : benchmarks)
        if (b.name == arguments.front()) return b.run(std::span(arguments).subspan(1));
    fmt::print(stderr,
               "octroi_bench: no benchmark named {}; there are: packets, collector, ledger, "
               "kernel, logs\n",
               arguments.front());
    return 2;
}
