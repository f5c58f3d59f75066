// SPDX-License-Identifier: GPL-3.0-or-later
#include "faulty_ledger.hpp"

#include <utility>

namespace octroi::sim {

using testing::Fault;
using testing::Unsynced;

Status FaultyLedger::open() {
    disk_.set_fault(Fault::none, 0);
    auto ledger = SqliteLedger::open(path_, {.mode = OpenMode::create});
    if (!ledger)
        return fail(ledger.error().code, "the ledger cannot be opened: " + ledger.error().text);
    ledger_ = *std::move(ledger);
    return {};
}

Status FaultyLedger::crash(bool machine) {
    ++crashes_;
    was_machine_ = machine;
    // From now on every disk operation fails, so that closing the ledger writes nothing.
    if (!disk_.is_dead()) disk_.set_fault(Fault::power_cut, 0);
    ledger_.reset();
    const Unsynced unsynced = !machine              ? Unsynced::kept
                              : random_->chance(50) ? Unsynced::lost
                                                    : Unsynced::torn;
    disk_.power_cut(unsynced, random_->next());
    TRY(open());
    const OnCrash on_crash = std::exchange(on_crash_, nullptr);
    return on_crash ? on_crash() : Status();
}

Result<FaultyLedger::Committed> FaultyLedger::classify(const Status& outcome) {
    if (disk_.is_dead()) {
        TRY(crash(random_->chance(60)));
        return Committed::crashed;
    }
    const bool has_space = !disk_.struck();
    if (outcome && has_space) usual_steps_ = (usual_steps_ * 3 + disk_.steps()) / 4 + 1;
    disk_.set_fault(Fault::none, 0);
    if (outcome) return Committed::yes;
    if (outcome.error().code == ErrorCode::conflict) return Committed::conflict;
    if (outcome.error().code == ErrorCode::no_space && !has_space) {
        ++full_;
        return Committed::disk_full;
    }
    return std::unexpected(outcome.error());
}

Result<FaultyLedger::Committed> FaultyLedger::change(const std::function<Status()>& act,
                                                     unsigned faults, const OnCrash& on_crash) {
    disk_.set_fault(Fault::none, 0);
    if (random_->chance(faults)) {
        const std::uint64_t step = random_->below(usual_steps_ + 4);
        if (random_->chance(50))
            disk_.set_fault(Fault::power_cut, step);
        else
            disk_.set_fault(Fault::disk_full, step);
    }
    TRY_ASSIGN(const Committed outcome, classify(act()));
    if (outcome == Committed::yes) on_crash_ = nullptr;
    if (outcome == Committed::disk_full) on_crash_ = on_crash;
    return outcome;
}

Result<FaultyLedger::Committed> FaultyLedger::commit(const Batch& batch, unsigned faults,
                                                     const OnCrash& on_crash) {
    CommitOutcome answer{};
    TRY_ASSIGN(const Committed outcome, change(
                                            [&]() -> Status {
                                                TRY_ASSIGN(answer, ledger_->commit(batch));
                                                return {};
                                            },
                                            faults, on_crash));
    if (outcome != Committed::yes) return outcome;
    if (answer != CommitOutcome::committed)
        return fail(ErrorCode::failed, "the ledger reports a new batch as already committed");
    // The answer was lost: commit the same batch again.
    if (random_->chance(faults)) {
        ++retries_;
        TRY_ASSIGN(const CommitOutcome again, ledger_->commit(batch));
        if (again != CommitOutcome::already_committed)
            return fail(ErrorCode::failed, "a batch was committed a second time");
    }
    return outcome;
}

Result<bool> FaultyLedger::has(const BatchId& id) {
    bool found = false;
    TRY(ledger_->each_batch([&](const StoredBatch& stored) -> Status {
        found = found || stored.batch.id == id;
        return {};
    }));
    return found;
}

}  // namespace octroi::sim
