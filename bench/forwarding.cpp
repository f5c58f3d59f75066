// SPDX-License-Identifier: GPL-3.0-or-later
// What a meter adds to the time that a router needs for a packet.

#include <fmt/format.h>

#include <algorithm>
#include <cstdio>
#include <filesystem>
#include <memory>
#include <string>
#include <vector>

#include "bench_daemon.hpp"
#include "forwarding_cases.hpp"
#include "frame_sender.hpp"
#include "kernel.hpp"
#include "router_spaces.hpp"
#include "spread.hpp"
#include "support/process.hpp"

namespace octroi::bench {
namespace {

// A router of its own for each case. All of them exist during all rounds; packets flow through one.
struct ForwardingRouter {
    const ForwardingCase* of = nullptr;
    std::unique_ptr<RouterSpaces> spaces;
    std::unique_ptr<BenchDaemon> daemon;
    FrameLoad load;
    std::vector<double> ns;      // of each round, for a packet
    std::vector<double> ratios;  // to `nothing` in the same round
    double daemon_cpu = 0;
    std::uint64_t sent = 0;
    std::uint64_t arrived = 0;
};

std::unique_ptr<ForwardingRouter> prepare(const ForwardingCase& of, const CaseLedgers& ledgers,
                                          const KernelOptions& options, const std::string& folder) {
    auto router = std::make_unique<ForwardingRouter>();
    router->of = &of;
    router->spaces = std::make_unique<RouterSpaces>(fmt::format("{}", of.number));
    const std::string own = fmt::format("{}/{}", folder, of.number);
    std::filesystem::create_directories(own);
    if (!of.prepare.empty()) {
        const std::string script = own + "/prepare.sh";
        std::ofstream(script) << of.prepare;
        router->spaces->in_router({"sh", "-e", script});
    }
    if (!router->spaces->missing().empty()) {
        fmt::print("{:<34} not measured: {}\n", of.name, router->spaces->missing());
        return nullptr;
    }
    if (!of.config.empty()) {
        const bool large = of.accounts > 300;
        std::string why;
        router->daemon = BenchDaemon::start(
            {.folder = own,
             .space = router->spaces->router(),
             .config = fmt::format(fmt::runtime(of.config), own),
             .attribute = of.routes ? "class_table = \"" + ledgers.routes + "\"\n" : "",
             .ledger = large ? ledgers.large : ledgers.small},
            why);
        if (!router->daemon) {
            fmt::print("{:<34} not measured: {}\n", of.name, why);
            return nullptr;
        }
    }
    router->load = {.space = router->spaces->hosts(),
                    .frames = host_frames(router->spaces->lan_mac(), case_hosts(of.accounts)),
                    .packets = std::max<std::uint64_t>(options.packets / of.slower, 1000)};
    return router;
}

// ns for a packet; below 0: it failed.
double measure_once(ForwardingRouter& router) {
    const double cpu = router.daemon ? router.daemon->cpu() : 0;
    const std::uint64_t arrived = router.spaces->arrived();
    const auto sent = send_frames(router.load);
    if (!sent) return -1;
    router.sent += sent->packets;
    router.arrived += router.spaces->arrived() - arrived;
    if (router.daemon) {
        // What the daemon has not read yet must not disturb the next case.
        support::pass(std::chrono::milliseconds(200));
        router.daemon_cpu += router.daemon->cpu() - cpu;
    }
    return sent->cpu_seconds / static_cast<double>(sent->packets) * 1e9;
}

void print_row(const ForwardingRouter& router) {
    const double lost = 1 - static_cast<double>(router.arrived) / static_cast<double>(router.sent);
    fmt::print("{:<34} {:>8.2f} {:>5.2f}..{:<5.2f} {:>9.0f} {:>11.2f} {:>9.2f} %\n",
               router.of->name, median(router.ratios), least(router.ratios), most(router.ratios),
               median(router.ns), router.daemon_cpu / static_cast<double>(router.sent) * 1e6,
               lost * 100);
}

bool run_rounds(std::vector<std::unique_ptr<ForwardingRouter>>& routers, unsigned rounds) {
    for (unsigned round = 0; round <= rounds; ++round) {
        double nothing = 0;
        for (const auto& router : routers) {
            const double ns = measure_once(*router);
            if (ns < 0) return false;
            if (router == routers.front()) nothing = ns;
            if (round == 0) {  // caches and tables are cold
                router->sent = 0;
                router->arrived = 0;
                router->daemon_cpu = 0;
                continue;
            }
            router->ns.push_back(ns);
            router->ratios.push_back(ns / nothing);
        }
    }
    return true;
}

}  // namespace

bool measure_forwarding(const KernelOptions& options) {
    fmt::print(
        "Forwarding: CPU time for a packet through a router, on one processor, and the ratio to a "
        "router without meters.\n"
        "64-octet UDP, {} hosts, {} flows at random, {} packets a round, {} rounds in turn. The "
        "time is that of the sender's thread\n"
        "and of ksoftirqd: a packet socket, two veth pairs, the router, and the drop behind it. "
        "Daemons run on the other processor.\n"
        "{:<34} {:>8} {:>12} {:>9} {:>11} {:>11}\n",
        hosts_of_case, 3 * hosts_of_case, options.packets, options.rounds, "case", "/ nothing",
        "least..most", "ns", "daemon s/M", "not arrived");
    const std::string folder =
        fmt::format("{}/octroi-bench-forward-{}", options.directory, ::getpid());
    std::filesystem::create_directories(folder);
    bool good = false;
    {
        const auto ledgers = prepare_ledgers(folder, options.routes);
        std::vector<std::unique_ptr<ForwardingRouter>> routers;
        const auto cases = forwarding_cases();
        for (const ForwardingCase& each : cases) {
            const bool wanted = each.number == 0 || options.case_name.empty() ||
                                each.name.find(options.case_name) != std::string::npos;
            if (!wanted || !ledgers) continue;
            if (auto router = prepare(each, *ledgers, options, folder))
                routers.push_back(std::move(router));
        }
        good = !routers.empty() && run_rounds(routers, options.rounds);
        if (good)
            for (const auto& router : routers) print_row(*router);
    }
    std::filesystem::remove_all(folder);
    return good;
}

}  // namespace octroi::bench
