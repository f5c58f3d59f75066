// SPDX-License-Identifier: GPL-3.0-or-later
// What events of connection tracking cost for a connection, and the losses, beside other programs
// and a minimal loop.

#include <fmt/format.h>
#include <unistd.h>

#include <cstdio>
#include <filesystem>

#include "event_programs.hpp"
#include "frame_sender.hpp"
#include "kernel.hpp"
#include "router_spaces.hpp"
#include "spread.hpp"

namespace octroi::bench {
namespace {

struct EventFigures {
    EventProgram program;
    std::vector<double> seconds;  // for a million connections, of each round
    std::vector<double> ratios;   // to the floor in the same round
    std::uint64_t sent = 0;
    std::uint64_t counted = 0;
    std::uint64_t recorded = 0;
};

// A connection is a SYN and a RST: it ends at once, with an event.
constexpr std::uint64_t packets_of_connection = 2;

struct Load {
    FrameLoad frames;
    unsigned bursts = 1;
    std::uint64_t connections = 0;  // of a burst
    bool large_buffers = true;
};

bool send_bursts(const Load& load) {
    for (unsigned i = 0; i < load.bursts; ++i) {
        FrameLoad burst = load.frames;
        burst.packets = load.connections * packets_of_connection;
        if (!send_frames(burst)) return false;
        ::sleep(1);
    }
    return true;
}

std::optional<EventRun> run_once(const EventProgram& program, const Load& load,
                                 const RouterSpaces& spaces, const std::string& folder) {
    std::filesystem::remove_all(folder);
    std::filesystem::create_directories(folder);
    auto run = program.run(
        {.space = spaces.router(), .folder = folder, .send = [&] { return send_bursts(load); }});
    std::filesystem::remove_all(folder);
    return run;
}

void print_figures(const EventFigures& of) {
    const auto share = [&](std::uint64_t connections) {
        return 100.0 * static_cast<double>(connections) / static_cast<double>(of.sent);
    };
    fmt::print("{:<22} {:>7.2f} {:>6.2f}..{:<6.2f} {:>7.2f} {:>9.3f} % {:>9.3f} %  {}\n",
               of.program.name, median(of.ratios), least(of.ratios), most(of.ratios),
               median(of.seconds), share(of.sent - std::min(of.sent, of.counted)),
               share(of.recorded), of.program.does);
    std::fflush(stdout);
}

bool run_rounds(const std::vector<EventProgram>& programs, const Load& load,
                const RouterSpaces& spaces, const std::string& folder, unsigned rounds) {
    fmt::print("{:<22} {:>7} {:>14} {:>7} {:>11} {:>11}  {}\n", "program", "/ floor", "least..most",
               "s / M", "not counted", "reported", "does");
    std::vector<EventFigures> figures;
    for (const EventProgram& program : programs) figures.push_back({.program = program});
    const std::uint64_t connections = load.bursts * load.connections;
    for (unsigned round = 0; round < rounds; ++round) {
        double floor = 0;
        for (EventFigures& each : figures) {
            const auto run = run_once(each.program, load, spaces, folder);
            if (!run) {
                fmt::print("{}: the run failed\n", each.program.name);
                return false;
            }
            const double seconds = run->cpu_seconds / static_cast<double>(connections) * 1e6;
            if (&each == figures.data()) floor = seconds;
            each.seconds.push_back(seconds);
            each.ratios.push_back(seconds / floor);
            each.sent += connections;
            each.counted += run->connections;
            each.recorded += run->recorded;
        }
    }
    for (const EventFigures& each : figures) print_figures(each);
    return true;
}

bool prepare(RouterSpaces& spaces) {
    return spaces.in_router({"nft",
                             "add table inet track; add chain inet track forward { type "
                             "filter hook forward priority 0 ; }; add rule inet track "
                             "forward ct state invalid drop"}) &&
           spaces.in_router({"sysctl", "-qw", "net.netfilter.nf_conntrack_acct=1",
                             "net.netfilter.nf_conntrack_timestamp=1",
                             "net.netfilter.nf_conntrack_checksum=0"}) &&
           spaces.in_router({"ip", "link", "set", "lo", "up"});
}

// All packets must be of connections, and reach the end.
bool is_forwarded(const Load& load, const RouterSpaces& spaces) {
    FrameLoad some = load.frames;
    some.packets = 1000;
    const std::uint64_t before = spaces.arrived();
    return send_frames(some) && spaces.arrived() - before == some.packets;
}

}  // namespace

bool measure_connections(const KernelOptions& options) {
    RouterSpaces spaces("tracking");
    if (!prepare(spaces)) {
        fmt::print("connections: not measured: {}\n", spaces.missing());
        return true;
    }
    const std::string folder =
        fmt::format("{}/octroi-bench-events-{}", options.directory, ::getpid());
    Load load;
    load.frames = {.space = spaces.hosts(),
                   .frames = {tcp_frame(spaces.lan_mac(), TcpFlag::syn),
                              tcp_frame(spaces.lan_mac(), TcpFlag::rst)},
                   .new_flows = true};
    if (!is_forwarded(load, spaces)) {
        fmt::print("connections: the router does not forward them\n");
        return false;
    }
    const unsigned rounds = std::max(1U, options.rounds / 3);
    load.frames.rate = options.connection_rate * packets_of_connection;
    load.connections = static_cast<std::uint64_t>(options.connection_rate * options.seconds);
    fmt::print(
        "Connections: CPU seconds of the program (processor 1) for a million connections of two "
        "packets, and the ratio to the\n"
        "floor: {:.0f} connections/s for {} s, {} rounds in turn, socket buffers of 64 MiB. Not "
        "counted: connections of which the program\ncounted nothing. Reported: those that it says "
        "it lost, at most.\n",
        options.connection_rate, options.seconds, rounds);
    if (!run_rounds(event_programs(false), load, spaces, folder, rounds)) return false;
    load.frames.rate = 0;
    load.connections = 100'000;
    load.bursts = 5;
    load.large_buffers = false;
    fmt::print(
        "\nA storm: {} bursts of {} connections, as fast as the sender can; sockets with the "
        "default buffer of each program.\n",
        load.bursts, load.connections);
    return run_rounds(event_programs(true), load, spaces, folder, rounds);
}

}  // namespace octroi::bench
