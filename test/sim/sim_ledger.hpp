// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

// What meters of files and of interfaces share: the ledger, the tables in force, the auditor, and
// how a batch that was cut becomes one that is booked, or is gone.

#include <functional>
#include <memory>

#include "auditor.hpp"
#include "declarations.hpp"
#include "host/clock.hpp"
#include "ledger_box.hpp"
#include "random.hpp"
#include "service/attribution.hpp"

namespace octroi::sim {

class SimClock final : public Clock {
public:
    explicit SimClock(UtcTime begin) : wall_(begin) {}
    [[nodiscard]] UtcTime now() const override { return wall_; }
    [[nodiscard]] Duration uptime() const override { return uptime_; }
    // Time goes by; the wall clock is fast or slow by so many millionths.
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
    unsigned commit = 0;  // percent of commits and changes that meet one
};

// A batch and what ought to be in it.
struct Cut {
    Batch batch;
    Rows rows;
    // It stands in the ledger now. Its owner must outlive the sim_ledger's use of it.
    std::function<Status()> on_booked;
};

class SimLedger {
public:
    SimLedger(Random& random, LedgerBox& ledger_box, Auditor& told, Declarations& declared);

    // The tables as of now, and the naive rules that they were made from.
    [[nodiscard]] Status refresh();
    [[nodiscard]] const AttributionTables& tables() const { return source_->tables(); }
    [[nodiscard]] NaiveRules rules() const { return declarations.rules(); }
    // The ledger was closed and opened.
    void forget() { source_.reset(); }

    // Gives the batch an id of this simulation, and checks what it says of its tables.
    [[nodiscard]] Status stamp(Cut& cut, const NaiveRules& rules);
    // Tells the auditor and the owner if it was booked.
    [[nodiscard]] Result<LedgerBox::Committed> commit(const Cut& cut);

    LedgerBox& box;
    Auditor& auditor;
    Declarations& declarations;
    Faults faults;

private:
    [[nodiscard]] Status book_if_there(const Cut& cut);

    Random* random_;
    Config config_;
    std::unique_ptr<AttributionSource> source_;
};

}  // namespace octroi::sim
