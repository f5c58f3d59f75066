// SPDX-License-Identifier: GPL-3.0-or-later
#include "peers.hpp"

#include <arpa/inet.h>
#include <fmt/format.h>
#include <netinet/in.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <unistd.h>

#include <algorithm>
#include <chrono>
#include <csignal>
#include <filesystem>
#include <fstream>
#include <optional>
#include <sstream>
#include <thread>
#include <utility>
#include <vector>

#include "programs.hpp"
#include "sender.hpp"

namespace octroi::bench {
namespace {

using Clock = std::chrono::steady_clock;

double since(Clock::time_point begin) {
    return std::chrono::duration<double>(Clock::now() - begin).count();
}

std::uint16_t free_port() {
    const int socket = ::socket(AF_INET, SOCK_DGRAM, 0);
    sockaddr_in at{};
    at.sin_family = AF_INET;
    at.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    socklen_t length = sizeof at;
    const bool bound = ::bind(socket, reinterpret_cast<const sockaddr*>(&at), length) == 0 &&
                       ::getsockname(socket, reinterpret_cast<sockaddr*>(&at), &length) == 0;
    ::close(socket);
    return bound ? ntohs(at.sin_port) : std::uint16_t{0};
}

// The state of the socket of a port, from /proc/net/udp.
struct Socket {
    std::uint64_t waiting = 0;  // octets
    std::uint64_t dropped = 0;  // datagrams
};
std::optional<Socket> socket_of(std::uint16_t port) {
    std::ifstream table("/proc/net/udp");
    std::string line;
    while (std::getline(table, line)) {
        std::istringstream words(line);
        std::vector<std::string> word;
        for (std::string w; words >> w;) word.push_back(w);
        constexpr std::size_t local = 1;
        constexpr std::size_t queues = 4;
        constexpr std::size_t drops = 12;
        if (word.size() <= drops || !word[local].ends_with(fmt::format(":{:04X}", port))) continue;
        return Socket{std::stoull(word[queues].substr(word[queues].find(':') + 1), nullptr, 16),
                      std::stoull(word[drops])};
    }
    return std::nullopt;
}

std::vector<std::string> command_octroi(const CollectorProgram& program, std::uint16_t port,
                                        std::size_t buffer, const std::string& folder) {
    const std::string config = folder + "/octroi.toml";
    std::ofstream(config)
        << "[ledger]\npath = \"" << folder << "/ledger.db\"\n"
        << "[attribute]\nlocal = [\"10.0.0.0/8\"]\n"
        << "[[meter]]\nname = \"bench\"\nkind = \"collector\"\nlisten = [\"udp/127.0.0.1:" << port
        << "\"]\nsocket_buffer = \"" << buffer << "B\"\njournal = \"" << folder << "/journal\"\n";
    return {program.path, "--config", config, "run"};
}

std::vector<std::string> command(const CollectorProgram& program, std::uint16_t port,
                                 std::size_t buffer, const std::string& folder) {
    if (program.kind == CollectorKind::octroi) return command_octroi(program, port, buffer, folder);
    if (program.kind == CollectorKind::stores)
        return {program.path, "-b", "127.0.0.1",           "-p", std::to_string(port), "-w",
                folder,       "-B", std::to_string(buffer)};
    const std::string config = folder + "/pmacct.conf";
    // The settings that its documentation recommends for high rates.
    std::ofstream(config) << program.name << "_ip: 127.0.0.1\n"
                          << program.name << "_port: " << port << "\n"
                          << program.name << "_pipe_size: " << buffer << "\n"
                          << "plugins: memory\naggregate: src_host, dst_host\n"
                          << "imt_path: " << folder << "/pipe\n"
                          << "plugin_pipe_size: " << (std::size_t{256} << 20U)
                          << "\nplugin_buffer_size: 102400\n";
    return {program.path, "-f", config};
}

// The program may have queues behind its socket: it is done when it uses no more CPU time. Returns
// when it last used some; nothing: its socket is gone.
std::optional<Clock::time_point> wait_until_quiet(pid_t group, std::uint16_t port) {
    Clock::time_point busy = Clock::now();
    double cpu = cpu_of_group(group);
    for (int quiet = 0; quiet < 10;) {
        std::this_thread::sleep_for(moment);
        const auto socket = socket_of(port);
        if (!socket) return std::nullopt;
        const double now = cpu_of_group(group);
        quiet = socket->waiting == 0 && now - cpu < 0.01 ? quiet + 1 : 0;
        if (quiet == 0) busy = Clock::now();
        cpu = now;
    }
    return busy;
}

Received receive(pid_t group, CollectorKind kind, std::uint16_t port,
                 const ExportMessages& messages, const Load& load) {
    for (int i = 0; !socket_of(port); ++i) {
        if (i == 250 || ::waitpid(group, nullptr, WNOHANG) != 0) return {};
        std::this_thread::sleep_for(moment);
    }
    if (!wait_until_quiet(group, port)) return {};
    const double cpu_before = cpu_of_group(group);
    Sender sender(messages, port, load.rate, load.seconds, load.pinned ? 1 : -1);
    while (!sender.done()) std::this_thread::sleep_for(moment);
    const auto sent = Clock::now();
    const auto busy = wait_until_quiet(group, port);
    const auto socket = socket_of(port);
    if (!busy || !socket) return {};
    double cpu = cpu_of_group(group);
    if (kind == CollectorKind::octroi) {
        ::kill(group, SIGTERM);
        const auto whole = end_of_program(group);
        if (!whole) return {};
        cpu = *whole;
    }
    const std::uint64_t lost = socket->dropped * messages.format.records;
    if (lost >= sender.records()) return {.dropped = socket->dropped};
    const double rest = std::chrono::duration<double>(*busy - sent).count();
    return {(cpu - cpu_before) / static_cast<double>(sender.records() - lost) * 1e6,
            socket->dropped, static_cast<double>(sender.records()) / sender.seconds(),
            std::max(rest, 0.0) / sender.seconds()};
}

}  // namespace

std::vector<CollectorProgram> installed_collectors(ExportKind kind) {
    const bool sflow = kind == ExportKind::sflow;
    std::vector<CollectorProgram> programs;
    for (const auto& [of, name] :
         {std::pair{CollectorKind::stores, sflow ? "sfcapd" : "nfcapd"},
          std::pair{CollectorKind::aggregates, sflow ? "sfacctd" : "nfacctd"}})
        if (const std::string path = find_program(name); !path.empty())
            programs.push_back({of, path, name});
    return programs;
}

Received run_collector(const CollectorProgram& program, const ExportMessages& messages,
                       const Load& load, const std::string& directory) {
    const std::string folder = fmt::format("{}/octroi-bench-peer-{}", directory, ::getpid());
    std::filesystem::create_directories(folder);
    const std::uint16_t port = free_port();
    const pid_t group = start_program(command(program, port, load.buffer_octets, folder),
                                      {.processor = load.pinned ? 0 : -1});
    const Received received = receive(group, program.kind, port, messages, load);
    ::kill(-group, SIGKILL);
    ::waitpid(group, nullptr, 0);
    std::filesystem::remove_all(folder);
    return received;
}

std::optional<double> nfdump_by_source(std::uint64_t flows, const std::string& directory) {
    constexpr double rate = 500'000;
    const std::string nfcapd = find_program("nfcapd");
    const std::string nfdump = find_program("nfdump");
    if (nfcapd.empty() || nfdump.empty()) return std::nullopt;
    const auto now = std::chrono::system_clock::now().time_since_epoch();
    const ExportMessages messages = make_messages(
        export_formats[1], 1'000'000, 1,
        static_cast<std::uint32_t>(std::chrono::duration_cast<std::chrono::seconds>(now).count()));
    const std::string folder = fmt::format("{}/octroi-bench-nfdump-{}", directory, ::getpid());
    std::filesystem::create_directories(folder);
    const std::uint16_t port = free_port();
    const Load load{.rate = rate,
                    .seconds = static_cast<unsigned>(static_cast<double>(flows) / rate) + 1};
    const CollectorProgram stores{CollectorKind::stores, nfcapd, "nfcapd"};
    const pid_t group = start_program(command(stores, port, load.buffer_octets, folder));
    const Received received = receive(group, stores.kind, port, messages, load);
    ::kill(-group, SIGTERM);  // it then closes its file
    ::waitpid(group, nullptr, 0);
    const auto begin = Clock::now();
    const pid_t sums = start_program({nfdump, "-q", "-R", folder, "-s", "srcip/bytes", "-n", "0"});
    int status = -1;
    ::waitpid(sums, &status, 0);
    const double seconds = since(begin);
    std::filesystem::remove_all(folder);
    const bool complete = received.seconds_per_million > 0 &&
                          received.dropped * messages.format.records < flows / 100;
    return status == 0 && complete ? std::optional(seconds) : std::nullopt;
}

}  // namespace octroi::bench
