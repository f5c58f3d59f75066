// SPDX-License-Identifier: GPL-3.0-or-later
// What live capture costs for a packet, and the losses, beside other programs and a minimal loop.

#include <fmt/format.h>
#include <unistd.h>

#include <cstdio>
#include <filesystem>

#include "capture_programs.hpp"
#include "forwarding_cases.hpp"
#include "frame_sender.hpp"
#include "kernel.hpp"
#include "router_spaces.hpp"
#include "spread.hpp"

namespace octroi::bench {
namespace {

struct CaptureFigures {
    CaptureProgram program;
    std::vector<double> seconds;  // for a million packets that were sent, of each round
    std::vector<double> ratios;   // to the floor in the same round
    std::uint64_t sent = 0;
    std::uint64_t counted = 0;
    std::uint64_t recorded = 0;
};

std::optional<CaptureRun> run_once(const CaptureProgram& program, const FrameLoad& load,
                                   const RouterSpaces& spaces, const std::string& folder) {
    std::filesystem::remove_all(folder);
    std::filesystem::create_directories(folder);
    const auto run =
        program.run({.space = spaces.router(), .link = "lan", .folder = folder, .send = [&] {
                         return send_frames(load).has_value();
                     }});
    std::filesystem::remove_all(folder);
    return run;
}

// Halves the rate until the floor loses nothing. False: the floor fails.
bool find_rate(FrameLoad& load, const KernelOptions& options, const RouterSpaces& spaces,
               const std::string& folder) {
    constexpr double least_rate = 1000;
    for (load.rate = options.rate; load.rate > least_rate; load.rate /= 2) {
        load.packets = static_cast<std::uint64_t>(load.rate * options.seconds);
        const auto run = run_once(capture_programs().front(), load, spaces, folder);
        if (!run) return false;
        if (run->packets >= load.packets) return true;
    }
    return false;
}

void print_figures(const CaptureFigures& of) {
    const auto share = [&](std::uint64_t packets) {
        return 100.0 * static_cast<double>(packets) / static_cast<double>(of.sent);
    };
    fmt::print("{:<12} {:>7.2f} {:>6.2f}..{:<6.2f} {:>8.3f} {:>9.3f} % {:>9.3f} %  {}\n",
               of.program.name, median(of.ratios), least(of.ratios), most(of.ratios),
               median(of.seconds), share(of.sent - std::min(of.sent, of.counted)),
               share(of.recorded), of.program.counts);
}

bool run_rounds(std::vector<CaptureFigures>& figures, const FrameLoad& load,
                const RouterSpaces& spaces, const std::string& folder, unsigned rounds) {
    for (unsigned round = 0; round < rounds; ++round) {
        double floor = 0;
        for (CaptureFigures& each : figures) {
            const auto run = run_once(each.program, load, spaces, folder);
            if (!run) {
                fmt::print("{}: the run failed\n", each.program.name);
                return false;
            }
            const double seconds = run->cpu_seconds / static_cast<double>(load.packets) * 1e6;
            if (&each == figures.data()) floor = seconds;
            each.seconds.push_back(seconds);
            each.ratios.push_back(seconds / floor);
            each.sent += load.packets;
            each.counted += run->packets;
            each.recorded += run->recorded;
        }
    }
    return true;
}

}  // namespace

bool measure_capture(const KernelOptions& options) {
    RouterSpaces spaces("capture");
    spaces.in_router({"sysctl", "-qw", "net.ipv4.ip_forward=0"});
    spaces.in_router({"ip", "link", "set", "lo", "up"});
    if (!spaces.missing().empty()) {
        fmt::print("capture: not measured: {}\n", spaces.missing());
        return true;
    }
    const std::string folder =
        fmt::format("{}/octroi-bench-capture-{}", options.directory, ::getpid());
    FrameLoad load{.space = spaces.hosts(),
                   .frames = host_frames(spaces.lan_mac(), case_hosts(300))};
    if (!find_rate(load, options, spaces, folder)) {
        fmt::print("capture: the floor loses packets at every rate\n");
        return false;
    }
    const unsigned rounds = std::max(1U, options.rounds / 3);
    fmt::print(
        "Live capture: CPU seconds of the program (processor 1) for a million packets, and the "
        "ratio to the floor.\n"
        "64-octet UDP, {} hosts, {} flows, {:.0f} packets/s for {} s over a veth pair (sender and "
        "the kernel's part: processor 0);\n"
        "{} rounds in turn. Not counted: packets sent that the program did not count. Reported: "
        "those that it says it lost.\n"
        "{:<12} {:>7} {:>14} {:>8} {:>11} {:>11}  {}\n",
        hosts_of_case, 3 * hosts_of_case, load.rate, options.seconds, rounds, "program", "/ floor",
        "least..most", "s / M", "not counted", "reported", "does");
    std::vector<CaptureFigures> figures;
    for (const CaptureProgram& program : capture_programs())
        figures.push_back({.program = program});
    const bool good = run_rounds(figures, load, spaces, folder, rounds);
    if (good)
        for (const CaptureFigures& each : figures) print_figures(each);
    return good;
}

}  // namespace octroi::bench
