// SPDX-License-Identifier: GPL-3.0-or-later
#include "desk.hpp"

#include <fmt/format.h>

namespace octroi::sim {

Desk::Desk(Random& random, LedgerBox& ledger_box, Auditor& told, Declarations& declared)
    : box(ledger_box), auditor(told), declarations(declared), random_(&random) {
    for (auto& [name, matches] : service_rules()) config_.services.push_back({name, matches, {}});
}

Status Desk::refresh() {
    if (source_) {
        TRY_ASSIGN([[maybe_unused]] const bool changed, source_->refresh());
        return {};
    }
    TRY_ASSIGN(AttributionSource source, AttributionSource::create(config_, box.ledger(), {}));
    source_ = std::make_unique<AttributionSource>(std::move(source));
    return {};
}

Status Desk::stamp(Cut& cut, const NaiveRules& rules) {
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

Result<LedgerBox::Committed> Desk::commit(const Cut& cut, bool& booked) {
    TRY_ASSIGN(const LedgerBox::Committed outcome, box.commit(cut.batch, faults.commit));
    booked = outcome == LedgerBox::Committed::yes;
    if (outcome == LedgerBox::Committed::cut) {
        // Whole or not at all. If it is there, everything of it must be: the auditor will look.
        TRY_ASSIGN(const std::uint64_t there, box.batches());
        if (there != auditor.batches() && there != auditor.batches() + 1)
            return fail(ErrorCode::failed,
                        fmt::format("{} batches are in the ledger after a crash, {} were booked",
                                    there, auditor.batches()));
        booked = there == auditor.batches() + 1;
        forget();
    }
    if (booked) auditor.committed(cut.batch.meter.name, cut.rows, cut.batch);
    return outcome;
}

}  // namespace octroi::sim
