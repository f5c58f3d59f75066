// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

// `octroi run` as its users run it, in a network namespace, and its ledger.

#include <sys/types.h>

#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <vector>

namespace octroi::bench {

// The program beside this benchmark.
[[nodiscard]] std::string octroi_program();

struct DaemonSetup {
    std::string folder;     // exists; for the ledger, the configuration and the log
    std::string space;      // network namespace
    std::string config;     // TOML: what comes after [ledger] and [attribute]
    std::string attribute;  // lines of [attribute]
    std::string ledger;     // copied at the start; empty: a new one
    int processor = 1;
};

class BenchDaemon {
public:
    // Starts it, and returns when it runs and its meters have read for the first time. Null: it did
    // not start; `why` is then the end of its log.
    [[nodiscard]] static std::unique_ptr<BenchDaemon> start(const DaemonSetup& setup,
                                                            std::string& why);
    ~BenchDaemon();
    BenchDaemon(const BenchDaemon&) = delete;
    BenchDaemon& operator=(const BenchDaemon&) = delete;

    // CPU seconds so far.
    [[nodiscard]] double cpu() const;
    [[nodiscard]] pid_t pid() const noexcept { return pid_; }

    struct Outcome {
        double cpu_seconds = 0;     // of all of its life
        std::uint64_t packets = 0;  // in the ledger
        std::uint64_t flows = 0;
        std::uint64_t lost_packets = 0;  // recorded as losses
        std::uint64_t lost_octets = 0;   // the bounds of losses
    };
    // Ends it after its last commit. Nothing: it failed.
    [[nodiscard]] std::optional<Outcome> stop();

private:
    BenchDaemon(pid_t pid, std::string ledger) : pid_(pid), ledger_(std::move(ledger)) {}

    pid_t pid_ = -1;
    std::string ledger_;
};

}  // namespace octroi::bench
