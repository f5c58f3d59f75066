// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

// `octroi import packets`, called repeatedly, for incomplete files, and by two processes at once.

#include <memory>
#include <optional>

#include "captures.hpp"
#include "meter/capture/file_meter.hpp"
#include "sim_ledger.hpp"
#include "single_batch.hpp"

namespace octroi::sim {

class Imports {
public:
    Imports(Random& random, Captures& captures, SimLedger& sim_ledger, const Clock& clock)
        : random_(&random), captures_(&captures), sim_ledger_(&sim_ledger), clock_(&clock) {}

    // Imports a file. True: a crash ended the import, and the ledger was opened again.
    [[nodiscard]] Result<bool> import(const CaptureFile& file);
    // Imports a file by two processes at once. One of them must be refused.
    [[nodiscard]] Result<bool> import_twice(const CaptureFile& file);
    // Imports everything again without faults. This must add nothing.
    [[nodiscard]] Status import_adds_nothing(const CaptureFile& file);

    [[nodiscard]] std::uint64_t batches() const { return batches_; }
    [[nodiscard]] std::uint64_t conflicts() const { return conflicts_; }

private:
    struct Run {
        std::unique_ptr<capture::FileMeter> meter;
        std::unique_ptr<SingleBatch> target = std::make_unique<SingleBatch>();
        std::unique_ptr<MeteringLoop> loop;
        std::uint64_t every = 0;  // checkpoint_packets
        std::size_t at = 0;       // frames of the recording that the meter handed over
        std::size_t visible = 0;  // whole frames
        bool clean = true;        // the file does not end within a record
        bool ended = false;
    };
    // nullopt: there is nothing to import.
    [[nodiscard]] Result<std::optional<Run>> open(const CaptureFile& file);
    // Reads up to the next checkpoint.
    [[nodiscard]] Result<ExpectedBatch> next_batch(Run& run, Recording& recording);

    Random* random_;
    Captures* captures_;
    SimLedger* sim_ledger_;
    const Clock* clock_;
    std::uint64_t batches_ = 0;
    std::uint64_t conflicts_ = 0;
};

}  // namespace octroi::sim
