// SPDX-License-Identifier: GPL-3.0-or-later
#include "ledger_box.hpp"

#include <utility>

namespace octroi::sim {

using testing::Fault;
using testing::Unsynced;

Status LedgerBox::open() {
    disk_.set_fault(Fault::none, 0);
    auto ledger = SqliteLedger::open(path_, {.mode = OpenMode::create});
    if (!ledger)
        return fail(ledger.error().code, "the ledger cannot be opened: " + ledger.error().text);
    ledger_ = *std::move(ledger);
    return {};
}

Status LedgerBox::crash(bool machine) {
    ++crashes_;
    was_machine_ = machine;
    // From here on every step fails, so that closing cannot tidy up.
    if (!disk_.is_dead()) disk_.set_fault(Fault::power_cut, 0);
    ledger_.reset();
    const Unsynced unsynced = !machine              ? Unsynced::kept
                              : random_->chance(50) ? Unsynced::lost
                                                    : Unsynced::torn;
    disk_.power_cut(unsynced, random_->next());
    TRY(open());
    const Revive revive = std::exchange(revive_, nullptr);
    return revive ? revive() : Status();
}

Result<LedgerBox::Committed> LedgerBox::classify(const Status& outcome) {
    if (disk_.is_dead()) {
        TRY(crash(random_->chance(60)));
        return Committed::cut;
    }
    const bool room = !disk_.struck();
    if (outcome && room) usual_steps_ = (usual_steps_ * 3 + disk_.steps()) / 4 + 1;
    disk_.set_fault(Fault::none, 0);
    if (outcome) return Committed::yes;
    if (outcome.error().code == ErrorCode::conflict) return Committed::conflict;
    if (outcome.error().code == ErrorCode::no_space && !room) {
        ++full_;
        return Committed::no_room;
    }
    return std::unexpected(outcome.error());
}

Result<LedgerBox::Committed> LedgerBox::change(const std::function<Status()>& act, unsigned faults,
                                               const Revive& revive) {
    disk_.set_fault(Fault::none, 0);
    if (random_->chance(faults)) {
        const std::uint64_t step = random_->below(usual_steps_ + 4);
        if (random_->chance(50))
            disk_.set_fault(Fault::power_cut, step);
        else
            disk_.set_fault(Fault::disk_full, step);
    }
    TRY_ASSIGN(const Committed outcome, classify(act()));
    if (outcome == Committed::yes) revive_ = nullptr;
    if (outcome == Committed::no_room) revive_ = revive;
    return outcome;
}

Result<LedgerBox::Committed> LedgerBox::commit(const Batch& batch, unsigned faults,
                                               const Revive& revive) {
    CommitOutcome said{};
    TRY_ASSIGN(const Committed outcome, change(
                                            [&]() -> Status {
                                                TRY_ASSIGN(said, ledger_->commit(batch));
                                                return {};
                                            },
                                            faults, revive));
    if (outcome != Committed::yes) return outcome;
    if (said != CommitOutcome::committed)
        return fail(ErrorCode::failed, "a new batch is said to be committed already");
    // The answer got lost: the same batch again.
    if (random_->chance(faults)) {
        ++retries_;
        TRY_ASSIGN(const CommitOutcome again, ledger_->commit(batch));
        if (again != CommitOutcome::already_committed)
            return fail(ErrorCode::failed, "a batch was committed a second time");
    }
    return outcome;
}

Result<bool> LedgerBox::has(const BatchId& id) {
    bool found = false;
    TRY(ledger_->each_batch([&](const StoredBatch& stored) -> Status {
        found = found || stored.batch.id == id;
        return {};
    }));
    return found;
}

}  // namespace octroi::sim
