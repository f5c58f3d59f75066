// SPDX-License-Identifier: GPL-3.0-or-later
#include "sim_ledger.hpp"

#include <fmt/format.h>

namespace octroi::sim {

SimLedger::SimLedger(Random& random, LedgerBox& ledger_box, Auditor& told, Declarations& declared)
    : box(ledger_box), auditor(told), declarations(declared), random_(&random) {
    for (auto& [name, matches] : service_rules()) config_.services.push_back({name, matches, {}});
}

Status SimLedger::refresh() {
    if (source_) {
        TRY_ASSIGN([[maybe_unused]] const bool changed, source_->refresh());
        return {};
    }
    TRY_ASSIGN(AttributionSource source, AttributionSource::create(config_, box.ledger(), {}));
    source_ = std::make_unique<AttributionSource>(std::move(source));
    return {};
}

Status SimLedger::stamp(Cut& cut, const NaiveRules& rules) {
    for (std::size_t i = 0; i < cut.batch.id.octets.size(); ++i)
        cut.batch.id.octets[i] = static_cast<std::uint8_t>(random_->next());
    if (cut.batch.directory_version == rules.version &&
        cut.batch.class_version == rules.class_version)
        return {};
    return fail(
        ErrorCode::failed,
        fmt::format("a batch of meter {} names directory {} and classes '{}', not {} and '{}'",
                    cut.batch.meter.name, cut.batch.directory_version, cut.batch.class_version,
                    rules.version, rules.class_version));
}

// After a crash: whole or not at all. If it is there, everything of it must be: the auditor looks.
Status SimLedger::book_if_there(const Cut& cut) {
    TRY_ASSIGN(const bool there, box.has(cut.batch.id));
    if (!there) return {};
    auditor.committed(cut.batch.meter.name, cut.rows, cut.batch);
    return cut.on_booked();
}

Result<LedgerBox::Committed> SimLedger::commit(const Cut& cut) {
    const auto revive = [this, cut] { return book_if_there(cut); };
    TRY_ASSIGN(const LedgerBox::Committed outcome, box.commit(cut.batch, faults.commit, revive));
    if (outcome == LedgerBox::Committed::cut) {
        forget();
        // It may have come back from an attempt before this one.
        if (!auditor.has(cut.batch.id)) TRY(book_if_there(cut));
    } else if (outcome == LedgerBox::Committed::yes) {
        auditor.committed(cut.batch.meter.name, cut.rows, cut.batch);
        TRY(cut.on_booked());
    }
    return outcome;
}

}  // namespace octroi::sim
