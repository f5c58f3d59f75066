// SPDX-License-Identifier: GPL-3.0-or-later
#include "event_programs.hpp"

#include <fmt/format.h>
#include <sys/wait.h>

#include <chrono>
#include <csignal>
#include <fstream>
#include <thread>

#include "bench_daemon.hpp"
#include "event_floor.hpp"
#include "programs.hpp"
#include "router_spaces.hpp"

namespace octroi::bench {
namespace {

constexpr int processor = 1;
constexpr int large_buffer = 64 << 20;  // the default of octroi
constexpr std::uint64_t packets_of_connection = 2;

std::optional<EventRun> run_events(const EventSetup& setup, int buffer_octets) {
    const auto floor = start_event_floor(setup.space, buffer_octets, processor);
    if (!setup.send()) return std::nullopt;
    const auto counts = floor->stop();
    if (!counts) return std::nullopt;
    return EventRun{counts->cpu_seconds, counts->events};
}

std::optional<EventRun> run_floor(const EventSetup& setup) {
    return run_events(setup, large_buffer);
}

std::optional<EventRun> run_small_floor(const EventSetup& setup) { return run_events(setup, 0); }

std::optional<EventRun> run_octroi(const EventSetup& setup) {
    std::string why;
    const auto daemon =
        BenchDaemon::start({.folder = setup.folder,
                            .space = setup.space,
                            .config = "[[meter]]\nname = \"bench\"\nkind = \"conntrack\"\n",
                            .processor = processor},
                           why);
    if (!daemon) {
        fmt::print(stderr, "{}\n", why);
        return std::nullopt;
    }
    const double before = daemon->cpu();
    if (!setup.send()) return std::nullopt;
    const auto ended = daemon->stop();
    if (!ended) return std::nullopt;
    constexpr std::uint64_t octets_of_connection = 80;
    return EventRun{ended->cpu_seconds - before, ended->packets / packets_of_connection,
                    ended->lost_octets / octets_of_connection};
}

// A program of others, which writes a line with `mark` for each connection.
std::optional<EventRun> run_program(const EventSetup& setup,
                                    const std::vector<std::string>& command,
                                    const std::string& output, std::string_view mark) {
    const pid_t group = start_program(
        in_space(setup.space, command),
        {.processor = processor, .before_others = true, .output = setup.folder + "/out"});
    std::this_thread::sleep_for(std::chrono::seconds(1));
    const double before = cpu_of_group(group);
    EventRun run;
    const bool sent = ::waitpid(group, nullptr, WNOHANG) == 0 && setup.send();
    double cpu = cpu_of_group(group);
    for (int quiet = 0; sent && quiet < 10;) {
        std::this_thread::sleep_for(moment);
        const double now = cpu_of_group(group);
        quiet = now - cpu < 0.01 ? quiet + 1 : 0;
        cpu = now;
    }
    ::kill(-group, SIGTERM);  // it then writes what it holds back
    (void)end_of_program(group);
    if (!sent) return std::nullopt;
    run.cpu_seconds = cpu - before;
    std::ifstream lines(output);
    for (std::string line; std::getline(lines, line);)
        if (line.find(mark) != std::string::npos) ++run.connections;
    return run;
}

std::optional<EventRun> run_conntrack(const EventSetup& setup) {
    std::vector<std::string> command{find_program("conntrack"), "-E"};
    if (setup.large_buffers) {
        command.emplace_back("-b");
        command.push_back(std::to_string(large_buffer));
    }
    return run_program(setup, command, setup.folder + "/out", "[DESTROY]");
}

std::string ulogd_plugins() {
    for (const char* folder : {"/usr/lib/x86_64-linux-gnu/ulogd/",
                               "/usr/lib/aarch64-linux-gnu/ulogd/", "/usr/lib/ulogd/"})
        if (std::ifstream(std::string(folder) + "ulogd_inpflow_NFCT.so")) return folder;
    return {};
}

std::optional<EventRun> run_ulogd(const EventSetup& setup) {
    const std::string config = setup.folder + "/ulogd.conf";
    const std::string output = setup.folder + "/flows";
    const std::string plugins = ulogd_plugins();
    {
        std::ofstream text(config);
        text << "[global]\nlogfile=\"" << setup.folder << "/ulogd.log\"\n";
        for (const char* name :
             {"inpflow_NFCT", "filter_IP2STR", "filter_PRINTFLOW", "output_LOGEMU"})
            text << "plugin=\"" << plugins << "ulogd_" << name << ".so\"\n";
        text << "stack=ct1:NFCT,ip2str1:IP2STR,print1:PRINTFLOW,emu1:LOGEMU\n"
             << "[ct1]\nhash_enable=1\n";
        if (setup.large_buffers)
            text << "netlink_socket_buffer_size=" << large_buffer
                 << "\nnetlink_socket_buffer_maxsize=" << large_buffer << "\n";
        text << "[emu1]\nfile=\"" << output << "\"\nsync=0\n";
    }
    return run_program(setup, {find_program("ulogd"), "-c", config}, output, "DESTROY");
}

}  // namespace

std::vector<EventProgram> event_programs(bool with_small_floor) {
    std::vector<EventProgram> programs{
        {"floor", "netlink: counts events of ends", run_floor},
        {"octroi", "readings, attribution, ledger", run_octroi},
    };
    if (with_small_floor)
        programs.push_back({"floor, default buffer", "the same", run_small_floor});
    if (!find_program("conntrack").empty())
        programs.push_back({"conntrack -E", "writes all events as text", run_conntrack});
    if (!find_program("ulogd").empty() && !ulogd_plugins().empty())
        programs.push_back({"ulogd2", "writes connections as text", run_ulogd});
    return programs;
}

}  // namespace octroi::bench
