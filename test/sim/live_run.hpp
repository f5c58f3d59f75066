// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

// Drives one live meter as `octroi run` does: it reads, makes batches, commits, tries again while
// the disk is full, uses new tables, is killed and started again.

#include <map>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "live_host.hpp"
#include "meter/capture/live_meter.hpp"
#include "sim_ledger.hpp"
#include "single_batch.hpp"

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

    // The destination of the packets that the meter receives.
    [[nodiscard]] Seen& seen() { return seen_; }
    [[nodiscard]] bool is_running() const { return loop_ != nullptr; }
    [[nodiscard]] const std::vector<std::string>& interfaces() const { return interfaces_; }

    // Does nothing if an interface does not exist.
    [[nodiscard]] Status start();
    [[nodiscard]] Status pull();
    // Makes a batch and commits it, or commits the waiting batch. True: a crash.
    [[nodiscard]] Result<bool> commit();
    // Ends the process.
    void kill();

private:
    struct ExpectedLiveBatch : ExpectedBatch {
        Seen sents;
        struct Stated {
            Amount ring;
            Amount before;
            Amount demand;
        };
        std::map<std::string, Stated>
            stated;  // by interface, for interfaces with a cursor in the batch
    };
    // Lets the loop make a batch.
    [[nodiscard]] Status make_batch();
    // The loop has made a batch: notes what it must contain.
    [[nodiscard]] Status on_batch(Batch batch);
    [[nodiscard]] Status on_batch_stored(const ExpectedLiveBatch& done);

    // The losses for the time without the meter, from the batches since the last cursor.
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
    NaiveRules rules_;  // the rules from which the tables in use were made
    std::unique_ptr<capture::LiveMeter> meter_;
    SingleBatch target_;
    std::unique_ptr<MeteringLoop> loop_;
    std::optional<ExpectedLiveBatch> waiting_;
    std::map<std::string, Covered> covered_;  // by interface
};

}  // namespace octroi::sim
