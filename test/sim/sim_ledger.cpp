// SPDX-License-Identifier: GPL-3.0-or-later
#include "sim_ledger.hpp"

#include <fmt/format.h>

namespace octroi::sim {

SimLedger::SimLedger(Random& random, FaultyLedger& faulty_ledger, Auditor& its_auditor,
                     Declarations& declared)
    : box(faulty_ledger), auditor(its_auditor), declarations(declared), random_(&random) {
    for (auto& [name, matches] : service_rules()) config_.services.push_back({name, matches, {}});
}

Status SimLedger::refresh() {
    if (source_) return source_->refresh().outcome;
    TRY_ASSIGN(AttributionSource source, AttributionSource::create(config_, box.ledger(), {}));
    source_ = std::make_unique<AttributionSource>(std::move(source));
    return {};
}

Status SimLedger::stamp(ExpectedBatch& expected, const NaiveRules& rules) {
    for (std::size_t i = 0; i < expected.batch.id.octets.size(); ++i)
        expected.batch.id.octets[i] = static_cast<std::uint8_t>(random_->next());
    if (expected.batch.directory_version == rules.version &&
        expected.batch.class_version == rules.class_version)
        return {};
    return fail(
        ErrorCode::failed,
        fmt::format("a batch of meter {} names directory {} and classes '{}', not {} and '{}'",
                    expected.batch.meter.name, expected.batch.directory_version,
                    expected.batch.class_version, rules.version, rules.class_version));
}

// After a crash a batch is stored completely or not at all. The auditor checks that it is complete.
Status SimLedger::count_if_stored(const ExpectedBatch& expected) {
    TRY_ASSIGN(const bool there, box.has(expected.batch.id));
    if (!there) return {};
    auditor.committed(expected.batch.meter.name, expected.rows, expected.batch);
    return expected.on_stored();
}

Result<FaultyLedger::Committed> SimLedger::commit(const ExpectedBatch& expected) {
    const auto on_crash = [this, expected] { return count_if_stored(expected); };
    TRY_ASSIGN(const FaultyLedger::Committed outcome,
               box.commit(expected.batch, faults.commit, on_crash));
    if (outcome == FaultyLedger::Committed::crashed) {
        drop_tables();
        // An earlier attempt may have stored it.
        if (!auditor.has(expected.batch.id)) TRY(count_if_stored(expected));
    } else if (outcome == FaultyLedger::Committed::yes) {
        auditor.committed(expected.batch.meter.name, expected.rows, expected.batch);
        TRY(expected.on_stored());
    }
    return outcome;
}

}  // namespace octroi::sim
