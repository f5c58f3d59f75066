// SPDX-License-Identifier: GPL-3.0-or-later
#include "kernel.hpp"

#include <fmt/format.h>

#include <array>
#include <cstdio>
#include <filesystem>
#include <string_view>
#include <thread>

#include "arguments.hpp"
#include "router_spaces.hpp"

namespace octroi::bench {
namespace {

constexpr std::string_view usage =
    "usage: octroi_bench kernel [--only capture|forward|connections] [--rounds N] [--packets N] "
    "[--case NAME] [--routes N] [--rate PACKETS] [--connections PER_SECOND] [--seconds N] "
    "[--directory DIR]\n";

bool parse(std::span<const char* const> arguments, KernelOptions& options) {
    for (std::size_t i = 0; i + 1 < arguments.size(); i += 2) {
        const std::string_view name = arguments[i];
        const std::string_view value = arguments[i + 1];
        if (name == "--only")
            options.only = value;
        else if (name == "--case")
            options.case_name = value;
        else if (name == "--directory")
            options.directory = value;
        else if (name == "--rounds"        ? !number(value, options.rounds)
                 : name == "--packets"     ? !number(value, options.packets)
                 : name == "--routes"      ? !number(value, options.routes)
                 : name == "--rate"        ? !number(value, options.rate)
                 : name == "--connections" ? !number(value, options.connection_rate)
                 : name == "--seconds"     ? !number(value, options.seconds)
                                           : true)
            return false;
    }
    return arguments.size() % 2 == 0;
}

struct Part {
    std::string_view name;
    bool (*measure)(const KernelOptions& options);
};

constexpr std::array<Part, 3> parts{{
    {"forward", measure_forwarding},
    {"capture", measure_capture},
    {"connections", measure_connections},
}};

}  // namespace

int kernel(std::span<const char* const> arguments) {
    KernelOptions options;
    if (!parse(arguments, options)) {
        fmt::print(stderr, "{}", usage);
        return 2;
    }
    if (const RouterSpaces spaces("try"); !spaces.missing().empty()) {
        fmt::print("kernel: not measured: {}\n", spaces.missing());
        return 0;
    }
    if (std::thread::hardware_concurrency() < 2) {
        fmt::print("kernel: not measured: needs two processors\n");
        return 0;
    }
    for (const Part& part : parts)
        if ((options.only.empty() || options.only == part.name) && !part.measure(options)) return 1;
    return 0;
}

}  // namespace octroi::bench
