// SPDX-License-Identifier: GPL-3.0-or-later
#include "ledger/audit_compactions.hpp"

#include <fmt/format.h>

#include <algorithm>

namespace octroi {
namespace {

bool has_digests(const CompactionRecord& record) {
    const auto fits = [](const ListDigest& list) { return list.digest.size() == hash_octets; };
    return record.batches_digest.size() == hash_octets && fits(record.days) &&
           fits(record.cursors) && fits(record.translations) &&
           std::ranges::all_of(record.meters, [&](const CompactedMeter& meter) {
               return fits(meter.transfers) && fits(meter.sampled);
           });
}

}  // namespace

void CompactionAudit::add(const CompactionRecord& record, std::string_view text) {
    findings_.add(FindingKind::compaction, 0,
                  fmt::format("compaction {}: {}", record.number, text));
}

void CompactionAudit::compare(const StoredCompaction& stored) {
    const CompactionRecord& record = stored.record;
    const CompactionContent& found = stored.found;
    if (found.meters != record.meters)
        add(record, "its sums by hour or day were changed: they are not those of the record");
    if (found.days != record.days)
        add(record, "the days of its sums were changed: they are not those of the record");
    if (kept_cursors_digest(found.cursors) != record.cursors)
        add(record, "its cursors were changed: they are not those of the record");
}

bool CompactionAudit::visit(const StoredCompaction& stored, const AuditedState& state) {
    const CompactionRecord& record = stored.record;
    // Of all batches, also those before the anchor.
    const auto& translations = stored.found.translations;
    if (translations && *translations != record.translations)
        add(record,
            "the translations of compacted batches were changed: they are not those of the record");
    if (record.number > state.last_compaction) return false;
    if (record.number != records_ + 1)
        add(record, fmt::format("it follows compaction {}", records_));
    records_ = record.number;
    if (!stored.damage.empty()) add(record, stored.damage);
    if (record.first_batch < 1 || record.last_batch < record.first_batch)
        add(record, "its batches are not valid");
    if (stored.previous_hash != hash_)
        add(record, "the previous hash is not that of the compaction before");
    if (!has_digests(record) || compaction_hash(hash_, record) != stored.hash)
        add(record, "the hash does not match: the compaction, or the one before, was changed");
    if (stored.hash.size() == hash_octets) hash_ = stored.hash;
    // Those of batches before the anchor were checked then; those of later batches are not asked
    // for.
    if (stored.is_replaced || record.last_batch <= trusted_ || record.last_batch > state.last_batch)
        return false;
    // Damage explains the difference.
    if (stored.damage.empty()) compare(stored);
    runs_[record.first_batch].stored = stored;
    return true;
}

const StoredCompaction* CompactionAudit::visit(const StoredBatch& stored) {
    auto at = runs_.upper_bound(stored.number);
    if (at == runs_.begin()) return nullptr;
    Run& run = std::prev(at)->second;
    if (stored.number > run.stored.record.last_batch) return nullptr;
    run.digest.add(stored.hash, stored.first_bucket, stored.last_bucket);
    ++run.batches;
    if (!stored.batch.correction) run.observed[stored.batch.meter] += stored.batch.observed;
    return &run.stored;
}

void CompactionAudit::finish() {
    for (auto& [first, run] : runs_) {
        const CompactionRecord& record = run.stored.record;
        if (first <= trusted_) {
            add(record,
                "it contains batches from before and after the anchor; next: audit the whole "
                "ledger");
            continue;
        }
        if (run.batches != record.last_batch - record.first_batch + 1 ||
            run.digest.finish() != record.batches_digest)
            add(record, "its batches are not those of the record");
        check_observed(run);
    }
}

void CompactionAudit::check_observed(Run& run) {
    const CompactionRecord& record = run.stored.record;
    std::erase_if(run.observed, [](const auto& sum) { return sum.second == WideVolume{}; });
    for (const CompactedMeter& meter : record.meters) {
        WideVolume sum;
        sum += meter.volume;
        const auto at = run.observed.find(meter.meter);
        const WideVolume observed = at == run.observed.end() ? WideVolume{} : at->second;
        if (sum != observed)
            add(record, fmt::format("its sums of meter {} are not what the batches observed",
                                    meter.meter.name));
        if (at != run.observed.end()) run.observed.erase(at);
    }
    for (const auto& [meter, volume] : run.observed)
        add(record, fmt::format("its sums of meter {} are missing", meter.name));
}

}  // namespace octroi
