// SPDX-License-Identifier: GPL-3.0-or-later
#include "capture_programs.hpp"

#include <fmt/format.h>
#include <sys/wait.h>

#include <chrono>
#include <csignal>
#include <fstream>
#include <sstream>
#include <thread>

#include "bench_daemon.hpp"
#include "programs.hpp"
#include "ring_floor.hpp"
#include "router_spaces.hpp"
#include "support/process.hpp"

namespace octroi::bench {
namespace {

constexpr int processor = 1;
constexpr std::size_t buffer_octets = std::size_t{64} << 20U;

std::optional<CaptureRun> run_floor(const CaptureSetup& setup) {
    const auto ring = start_ring_floor(setup.space, setup.link, processor);
    if (!setup.send()) return std::nullopt;
    const auto counts = ring->stop();
    if (!counts) return std::nullopt;
    return CaptureRun{counts->cpu_seconds, counts->packets, counts->dropped};
}

std::optional<CaptureRun> run_octroi(const CaptureSetup& setup) {
    std::string why;
    const auto daemon = BenchDaemon::start(
        {.folder = setup.folder,
         .space = setup.space,
         .config = fmt::format("[[meter]]\nname = \"bench\"\ninterfaces = [\"{}\"]\n", setup.link),
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
    return CaptureRun{ended->cpu_seconds - before, ended->packets, ended->lost_packets};
}

// A program of others. read: the packets that it has counted, asked while it runs.
std::optional<CaptureRun> run_program(const CaptureSetup& setup,
                                      const std::vector<std::string>& command,
                                      const std::function<CaptureRun()>& read) {
    const pid_t group = start_program(
        in_space(setup.space, command),
        {.processor = processor, .before_others = true, .output = setup.folder + "/log"});
    std::this_thread::sleep_for(std::chrono::seconds(2));
    const double before = cpu_of_group(group);
    std::optional<CaptureRun> run;
    if (::waitpid(group, nullptr, WNOHANG) == 0 && setup.send()) {
        double cpu = before;
        for (int quiet = 0; quiet < 10;) {
            std::this_thread::sleep_for(moment);
            const double now = cpu_of_group(group);
            quiet = now - cpu < 0.01 ? quiet + 1 : 0;
            cpu = now;
        }
        run = read();
        run->cpu_seconds = cpu - before;
    }
    ::kill(-group, SIGKILL);
    ::waitpid(group, nullptr, 0);
    return run;
}

// The sum of a column of CSV with a header line.
std::uint64_t sum_of(const std::string& csv, const std::string& column) {
    std::istringstream lines(csv);
    std::string line;
    std::size_t wanted = std::string::npos;
    std::uint64_t sum = 0;
    while (std::getline(lines, line)) {
        std::istringstream cells(line);
        std::string cell;
        for (std::size_t i = 0; std::getline(cells, cell, ','); ++i) {
            if (cell == column)
                wanted = i;
            else if (i == wanted)
                sum += std::strtoull(cell.c_str(), nullptr, 10);
        }
    }
    return sum;
}

std::optional<CaptureRun> run_pmacctd(const CaptureSetup& setup) {
    const std::string config = setup.folder + "/pmacctd.conf";
    const std::string pipe = setup.folder + "/pipe";
    // The settings that its documentation recommends for high rates.
    std::ofstream(config)
        << "pcap_interface: " << setup.link
        << "\nplugins: memory\naggregate: src_host, dst_host, src_port, "
           "dst_port, proto\nimt_path: "
        << pipe << "\npmacctd_pipe_size: " << buffer_octets
        << "\nplugin_pipe_size: " << buffer_octets
        << "\nplugin_buffer_size: 102400\nimt_buckets: 65537\nimt_mem_pools_number: 0\n";
    return run_program(setup, {find_program("pmacctd"), "-f", config}, [&] {
        const support::Ended listed =
            support::run({find_program("pmacct"), "-s", "-O", "csv", "-p", pipe});
        return CaptureRun{.packets = sum_of(listed.out, "PACKETS")};
    });
}

// "Packets processed: 123" and "Packets dropped by libpcap: 0".
std::uint64_t number_behind(const std::string& text, const std::string& name) {
    const std::size_t at = text.find(name);
    return at == std::string::npos
               ? 0
               : std::strtoull(text.c_str() + at + name.size() + 1, nullptr, 10);
}

std::optional<CaptureRun> run_softflowd(const CaptureSetup& setup) {
    const std::string control = setup.folder + "/control";
    const std::vector<std::string> command{find_program("softflowd"),
                                           "-d",
                                           "-i",
                                           setup.link,
                                           "-m",
                                           "100000",
                                           "-B",
                                           std::to_string(buffer_octets),
                                           "-c",
                                           control,
                                           "-p",
                                           setup.folder + "/pid"};
    return run_program(setup, command, [&] {
        const support::Ended listed =
            support::run({find_program("softflowctl"), "-c", control, "statistics"});
        return CaptureRun{.packets = number_behind(listed.out, "Packets processed:"),
                          .recorded = number_behind(listed.out, "Packets dropped by libpcap:")};
    });
}

}  // namespace

std::vector<CaptureProgram> capture_programs() {
    std::vector<CaptureProgram> programs{
        {"floor", "TPACKET_V3, packets and octets", run_floor},
        {"octroi", "flows, attribution, ledger", run_octroi},
    };
    if (!find_program("pmacctd").empty())
        programs.push_back({"pmacctd", "flows in memory", run_pmacctd});
    if (!find_program("softflowd").empty())
        programs.push_back({"softflowd", "flows in memory", run_softflowd});
    return programs;
}

}  // namespace octroi::bench
