// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

// Shared by meters of files and of interfaces: the ledger, the current tables, the auditor, and the
// direction of a batch into the ledger or, after a fault, not.

#include <functional>
#include <memory>

#include "auditor.hpp"
#include "declarations.hpp"
#include "faulty_ledger.hpp"
#include "host/clock.hpp"
#include "random.hpp"
#include "service/attribution.hpp"

namespace octroi::sim {

class SimClock final : public Clock {
public:
    explicit SimClock(UtcTime begin) : wall_(begin) {}
    [[nodiscard]] UtcTime now() const override { return wall_; }
    [[nodiscard]] Duration uptime() const override { return uptime_; }
    // Advances the time. The wall clock is fast or slow by so many parts per million.
    void advance(Duration by) {
        uptime_ = uptime_ + by;
        wall_ = wall_ + by + Duration{by.ns / 1'000'000 * drift_ppm_};
    }
    void step(Duration by) { wall_ = wall_ + by; }
    void drift(std::int64_t ppm) { drift_ppm_ = ppm; }

private:
    UtcTime wall_;
    Duration uptime_;
    std::int64_t drift_ppm_ = 0;
};

struct Faults {
    unsigned commit = 0;  // percent of commits and changes with a fault
};

// A batch and its expected content.
struct ExpectedBatch {
    Batch batch;
    Rows rows;
    // Called when the batch is in the ledger. The owner must outlive its use by SimLedger.
    std::function<Status()> on_stored;
};

class SimLedger {
public:
    SimLedger(Random& random, FaultyLedger& faulty_ledger, Auditor& its_auditor,
              Declarations& declared);

    // The current tables, and the naive rules from which they were made.
    [[nodiscard]] Status refresh();
    [[nodiscard]] const AttributionTables& tables() const { return source_->tables(); }
    [[nodiscard]] NaiveRules rules() const { return declarations.rules(); }
    // To be called after the ledger was closed and opened again.
    void drop_tables() { source_.reset(); }

    // Gives the batch an id of this simulation, and checks the versions of its tables.
    [[nodiscard]] Status stamp(ExpectedBatch& expected, const NaiveRules& rules);
    // Reports to the auditor and to the owner if the batch was stored.
    [[nodiscard]] Result<FaultyLedger::Committed> commit(const ExpectedBatch& expected);

    FaultyLedger& box;
    Auditor& auditor;
    Declarations& declarations;
    Faults faults;

private:
    [[nodiscard]] Status count_if_stored(const ExpectedBatch& expected);

    Random* random_;
    Config config_;
    std::unique_ptr<AttributionSource> source_;
};

}  // namespace octroi::sim
