// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

// One live meter as `octroi run` drives it: reads, cuts, commits, tries again while the disk is
// full, takes new tables, dies and is started again.

#include <map>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "live_host.hpp"
#include "meter/capture/live_meter.hpp"
#include "service/metering.hpp"
#include "sim_ledger.hpp"

namespace octroi::sim {

class LiveRun {
public:
    LiveRun(Random& random, LiveHost& host, SimLedger& sim_ledger, std::string name,
            std::vector<std::string> interfaces)
        : random_(&random),
          host_(&host),
          sim_ledger_(&sim_ledger),
          name_(std::move(name)),
          interfaces_(std::move(interfaces)) {}

    // What it sees is to be put here.
    [[nodiscard]] Seen& seen() { return seen_; }
    [[nodiscard]] bool is_running() const { return metering_ != nullptr; }
    [[nodiscard]] const std::vector<std::string>& interfaces() const { return interfaces_; }

    // Does nothing where an interface is not there.
    [[nodiscard]] Status start();
    [[nodiscard]] Status pull();
    // Cuts and commits, or commits what waits. True: it crashed.
    [[nodiscard]] Result<bool> commit();
    // The process is gone.
    void die();

private:
    struct LiveCut : Cut {
        Seen sents;
        struct Stated {
            Amount ring;
            Amount before;
            Amount demand;
        };
        std::map<std::string, Stated> stated;  // by interface, of those whose cursor is in it
    };
    [[nodiscard]] Status cut();
    [[nodiscard]] Status booked(const LiveCut& done);

    // What losses say of the time without the meter, in batches since the last cursor.
    struct Covered {
        Amount bound;
        bool is_unbounded = false;
    };

    Random* random_;
    LiveHost* host_;
    SimLedger* sim_ledger_;
    std::string name_;
    std::vector<std::string> interfaces_;
    Seen seen_;
    FragmentMemory fragments_;
    NaiveRules rules_;  // that the tables in use were made from
    std::unique_ptr<capture::LiveMeter> meter_;
    std::unique_ptr<Metering> metering_;
    std::optional<LiveCut> waiting_;
    std::map<std::string, Covered> covered_;  // by interface
};

}  // namespace octroi::sim
