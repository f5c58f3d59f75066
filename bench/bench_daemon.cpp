// SPDX-License-Identifier: GPL-3.0-or-later
#include "bench_daemon.hpp"

#include <sys/wait.h>
#include <unistd.h>

#include <chrono>
#include <csignal>
#include <filesystem>
#include <fstream>
#include <thread>

#include "programs.hpp"
#include "router_spaces.hpp"
#include "store/sqlite/sqlite_ledger.hpp"
#include "support/process.hpp"

namespace octroi::bench {
namespace {

bool has_ended(pid_t child) {
    siginfo_t state{};
    return ::waitid(P_PID, static_cast<id_t>(child), &state, WEXITED | WNOHANG | WNOWAIT) == 0 &&
           state.si_pid == child;
}

void add_ledger(const std::string& path, BenchDaemon::Outcome& result) {
    const auto ledger = SqliteLedger::open(path, {.mode = OpenMode::read_only});
    if (!ledger) return;
    if (const auto sums = (*ledger)->sums({}))
        for (const TransferSum& sum : *sums) {
            result.packets += sum.volume.packets.value();
            result.flows += sum.volume.flows.value();
        }
    if (const auto losses = (*ledger)->losses({UtcTime::min(), UtcTime::max()}))
        for (const MeterLoss& each : *losses) {
            result.lost_packets += each.loss.packets.value_or(0);
            result.lost_octets += each.loss.bytes_bound.value_or(0);
        }
}

}  // namespace

std::string octroi_program() {
    return std::filesystem::read_symlink("/proc/self/exe").parent_path() / "octroi";
}

std::unique_ptr<BenchDaemon> BenchDaemon::start(const DaemonSetup& setup, std::string& why) {
    const std::string ledger = setup.folder + "/ledger.db";
    const std::string config = setup.folder + "/octroi.toml";
    const std::string log = setup.folder + "/log";
    if (!setup.ledger.empty()) std::filesystem::copy_file(setup.ledger, ledger);
    std::ofstream(config) << "[ledger]\npath = \"" << ledger << "\"\n[attribute]\nlocal = [\""
                          << inside_network << "\"]\n"
                          << setup.attribute << setup.config;
    std::unique_ptr<BenchDaemon> daemon(new BenchDaemon(
        start_program(in_space(setup.space, {octroi_program(), "--config", config, "run"}),
                      {.processor = setup.processor, .before_others = true, .output = log}),
        ledger));
    const auto runs = [&] {
        return support::text_of(log).find("Ctrl-C") != std::string::npos || has_ended(daemon->pid_);
    };
    constexpr auto patience = std::chrono::minutes(5);  // it may load a routing table
    if (!support::wait_until(runs, patience) || has_ended(daemon->pid_)) {
        const std::string text = support::text_of(log);
        constexpr std::size_t shown = 500;
        why = text.size() > shown ? text.substr(text.size() - shown) : text;
        return nullptr;
    }
    std::this_thread::sleep_for(std::chrono::seconds(2));
    return daemon;
}

BenchDaemon::~BenchDaemon() {
    if (pid_ <= 0) return;
    ::kill(-pid_, SIGKILL);
    ::waitpid(pid_, nullptr, 0);
}

double BenchDaemon::cpu() const { return cpu_of_group(pid_); }

std::optional<BenchDaemon::Outcome> BenchDaemon::stop() {
    ::kill(pid_, SIGTERM);
    const auto seconds = end_of_program(pid_);
    pid_ = -1;
    if (!seconds) return std::nullopt;
    Outcome result{.cpu_seconds = *seconds};
    add_ledger(ledger_, result);
    return result;
}

}  // namespace octroi::bench
