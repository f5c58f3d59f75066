// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

// The ledger on a disk with injected faults, and the results that the simulation must expect.

#include <cstdint>
#include <functional>
#include <memory>
#include <string>

#include "random.hpp"
#include "record/batch.hpp"
#include "store/sqlite/sqlite_ledger.hpp"
#include "store/sqlite/testing/fault_vfs.hpp"

namespace octroi::sim {

class FaultyLedger {
public:
    FaultyLedger(Random& random, std::string path) : random_(&random), path_(std::move(path)) {}

    [[nodiscard]] Status open();
    [[nodiscard]] SqliteLedger& ledger() { return *ledger_; }

    // Ends the process (kill -9: written data survives) or the machine (data that was not synced
    // may be lost or torn). Then opens the ledger again.
    [[nodiscard]] Status crash(bool machine);

    enum class Committed {
        yes,
        disk_full,  // refused because the disk is full: nothing was stored, it may be tried again
        conflict,   // another process has moved the cursor
        crashed,  // a crash: the batch is stored completely or not at all; the ledger is open again
    };
    // If the disk was full only at the final sync, the change was refused and is not in the ledger.
    // But its data remains on the disk until something else is written, so after a crash the
    // complete change may be in the ledger. This function is called after such a crash to find out.
    using OnCrash = std::function<Status()>;
    // Commits with injected faults; `faults`: probability in percent.
    [[nodiscard]] Result<Committed> commit(const Batch& batch, unsigned faults,
                                           const OnCrash& on_crash);
    // Runs a change with faults, results as for a commit.
    [[nodiscard]] Result<Committed> change(const std::function<Status()>& act, unsigned faults,
                                           const OnCrash& on_crash);

    [[nodiscard]] Result<bool> has(const BatchId& id);

    // The kind of the last crash.
    [[nodiscard]] bool was_machine() const { return was_machine_; }
    [[nodiscard]] std::uint64_t crashes() const { return crashes_; }
    [[nodiscard]] std::uint64_t full() const { return full_; }
    [[nodiscard]] std::uint64_t retries() const { return retries_; }

private:
    [[nodiscard]] Result<Committed> classify(const Status& outcome);

    Random* random_;
    std::string path_;
    OnCrash on_crash_;
    testing::FaultDisk disk_;
    std::unique_ptr<SqliteLedger> ledger_;
    std::uint64_t usual_steps_ = 20;
    bool was_machine_ = false;
    std::uint64_t crashes_ = 0;
    std::uint64_t full_ = 0;
    std::uint64_t retries_ = 0;
};

}  // namespace octroi::sim
