// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

// The ledger on a disk that fails: what the simulation does to it and what it may expect.

#include <cstdint>
#include <functional>
#include <memory>
#include <string>

#include "random.hpp"
#include "record/batch.hpp"
#include "store/sqlite/sqlite_ledger.hpp"
#include "store/sqlite/testing/fault_vfs.hpp"

namespace octroi::sim {

class LedgerBox {
public:
    LedgerBox(Random& random, std::string path) : random_(&random), path_(std::move(path)) {}

    [[nodiscard]] Status open();
    [[nodiscard]] SqliteLedger& ledger() { return *ledger_; }

    // The process is gone (kill -9: the system still has what was written), or the machine (what
    // was not synced may be lost, or half there). The ledger is open again afterwards.
    [[nodiscard]] Status crash(bool machine);

    enum class Committed {
        yes,
        no_room,   // refused for want of room: nothing of it is there, it may be tried again
        conflict,  // another one has moved the cursor
        cut,       // crashed on the way: it is there whole or not at all; the ledger is open again
    };
    // What was refused because the disk was full at the very last, as it was synced, is not there;
    // but after a crash it may be, whole: what was written for it lies on the disk as long as
    // nothing else was written. Called after such a crash, to look and to take note.
    using Revive = std::function<Status()>;
    // With a fault on the way now and then: `faults` in percent.
    [[nodiscard]] Result<Committed> commit(const Batch& batch, unsigned faults,
                                           const Revive& revive);
    // Runs a change with a fault as above. cut and no_room as above.
    [[nodiscard]] Result<Committed> change(const std::function<Status()>& act, unsigned faults,
                                           const Revive& revive);

    [[nodiscard]] Result<bool> has(const BatchId& id);

    // What the last crash was.
    [[nodiscard]] bool was_machine() const { return was_machine_; }
    [[nodiscard]] std::uint64_t crashes() const { return crashes_; }
    [[nodiscard]] std::uint64_t full() const { return full_; }
    [[nodiscard]] std::uint64_t retries() const { return retries_; }

private:
    [[nodiscard]] Result<Committed> classify(const Status& outcome);

    Random* random_;
    std::string path_;
    Revive revive_;
    testing::FaultDisk disk_;
    std::unique_ptr<SqliteLedger> ledger_;
    std::uint64_t usual_steps_ = 20;
    bool was_machine_ = false;
    std::uint64_t crashes_ = 0;
    std::uint64_t full_ = 0;
    std::uint64_t retries_ = 0;
};

}  // namespace octroi::sim
