// SPDX-License-Identifier: GPL-3.0-or-later
#include "ledger/audit.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <map>

#include "base/check.hpp"
#include "ledger/rules.hpp"

namespace octroi {
namespace {

using CursorKey = std::pair<std::string, std::string>;  // meter, source

class Auditor {
public:
    [[nodiscard]] AuditReport finish() {
        report_.directory_head_hash = directory_hash_;
        for (auto& [writer, head] : heads_) report_.heads.push_back(std::move(head));
        for (auto& [name, totals] : meters_) report_.meters.push_back(std::move(totals));
        return std::move(report_);
    }

    void visit(const StoredBatch& stored);
    void visit(const StoredDirectoryChange& change);
    // Called after all visits. Versions that were removed from the end leave no gap in the numbers,
    // but batches may name them.
    void check_directory_is_whole() {
        if (newest_used_ > report_.directory_versions)
            add(FindingKind::directory, newest_used_by_,
                fmt::format("the batch was attributed with version {} of the directory, but the "
                            "last version is {}",
                            newest_used_, report_.directory_versions));
    }
    void compare_cursors(const std::vector<std::pair<std::string, Cursor>>& current);
    void add_store(std::vector<std::string> texts) {
        for (std::string& text : texts) add(FindingKind::store, 0, std::move(text));
    }

private:
    void add(FindingKind kind, std::uint64_t batch, std::string text) {
        if (report_.findings.size() < findings_max)
            report_.findings.push_back({kind, batch, std::move(text)});
        else
            ++report_.findings_left_off;
    }
    // Figures of a damaged ledger can have any value, so the sum may overflow.
    void sum(Volume& total, const Volume& volume, std::uint64_t batch) {
        const auto next = checked_sum(total, volume);
        if (next)
            total = *next;
        else
            add(FindingKind::rule, batch,
                "the sum of this batch and the earlier ones exceeds 64 bits");
    }
    void check_rows(const StoredBatch& stored);
    void check_link(const StoredBatch& stored);
    void check_cursors(const StoredBatch& stored);
    void total(const StoredBatch& stored);
    void subtract_removed(MeterTotals& totals, const StoredBatch& stored);

    AuditReport report_;
    std::map<WriterId, ChainPosition> heads_;
    std::map<std::pair<std::string, Layer>, MeterTotals> meters_;
    std::map<CursorKey, Cursor> cursors_;
    std::string directory_hash_ = zero_hash();
    std::uint64_t newest_used_ = 0;     // greatest version of the directory that a batch names
    std::uint64_t newest_used_by_ = 0;  // the first batch that names it
};

void Auditor::visit(const StoredBatch& stored) {
    const std::uint64_t number = stored.number;
    if (number != report_.batches + 1)
        add(FindingKind::chain, number,
            fmt::format("batch {} follows batch {}", number, report_.batches));
    report_.batches = number;
    if (!stored.damage.empty()) add(FindingKind::chain, number, stored.damage);
    check_rows(stored);
    check_link(stored);
    if (stored.batch.directory_version > newest_used_) {
        newest_used_ = stored.batch.directory_version;
        newest_used_by_ = number;
    }
    check_cursors(stored);
    total(stored);
}

// Whether the rows are those that the header states.
void Auditor::check_rows(const StoredBatch& stored) {
    if (const auto violation = find_violation(stored.batch)) {
        // Such a batch has no canonical form, and so no digests.
        add(FindingKind::rule, stored.number, violation->text);
        return;
    }
    const BatchDigests found = digests(canonical(stored.batch));
    constexpr std::array<std::string_view, batch_lists> names{"transfers", "sampled counts",
                                                              "cursors", "losses", "translations"};
    for (std::size_t i = 0; i < batch_lists; ++i)
        if (found[i] != stored.digests[i])
            add(FindingKind::chain, stored.number,
                fmt::format("the {} were changed: they do not have the digest of the header",
                            names[i]));
}

// Whether the header is the next link of the chain of its writer.
void Auditor::check_link(const StoredBatch& stored) {
    ChainPosition& head =
        heads_.try_emplace(stored.writer.id, ChainPosition{.writer = stored.writer}).first->second;
    if (stored.writer != head.writer)
        add(FindingKind::chain, stored.number, "two writers have the same id");
    if (stored.sequence != head.sequence + 1)
        add(FindingKind::chain, stored.number,
            fmt::format("batch {} of writer {} follows batch {}", stored.sequence,
                        stored.writer.node, head.sequence));
    head.sequence = stored.sequence;
    if (stored.hash.size() != hash_octets) {
        add(FindingKind::chain, stored.number, "the stored hash does not have 32 octets");
        return;
    }
    // Recomputed from the hash of the previous batch that this walk has seen, not from the stored
    // one: a removed batch must break the chain.
    const bool digests_fit = std::ranges::all_of(
        stored.digests, [](const ListDigest& list) { return list.digest.size() == hash_octets; });
    if (!digests_fit || batch_hash(stored.writer, stored.sequence, head.hash, stored.batch,
                                   stored.digests) != stored.hash)
        add(FindingKind::chain, stored.number,
            "the hash does not match: the batch, or the hash of the previous one, was changed");
    if (stored.previous_hash != head.hash)
        add(FindingKind::chain, stored.number, "the previous hash is not that of the batch before");
    // The stored hash, so that one changed batch gives one finding and not one for each later
    // batch.
    head.hash = stored.hash;
}

void Auditor::check_cursors(const StoredBatch& stored) {
    for (const Cursor& cursor : stored.batch.cursors) {
        Cursor& last = cursors_[{stored.batch.meter.name, cursor.source}];
        if (cursor.version != last.version + 1)
            add(FindingKind::cursor, stored.number,
                fmt::format("the cursor of '{}' jumps from version {} to {}", cursor.source,
                            last.version, cursor.version));
        last = cursor;
    }
}

// The part of the totals that a transfer belongs to.
Volume MeterTotals::* part_of(const Batch& batch, const Transfer& t) {
    const PartyKind from = batch.parties[t.from].kind;
    const PartyKind to = batch.parties[t.to].kind;
    const auto either = [&](PartyKind kind) { return from == kind || to == kind; };
    if (either(PartyKind::excluded)) return &MeterTotals::excluded;
    if (either(PartyKind::account)) return &MeterTotals::attributed;
    if (either(PartyKind::unattributed)) return &MeterTotals::unattributed;
    return &MeterTotals::transit;
}

bool names_exist(const Batch& batch, const Transfer& t) {
    return t.from < batch.parties.size() && t.to < batch.parties.size();
}

void Auditor::total(const StoredBatch& stored) {
    const Batch& batch = stored.batch;
    MeterTotals& totals = meters_[{batch.meter.name, batch.meter.layer}];
    totals.meter = batch.meter.name;
    totals.layer = batch.meter.layer;
    ++(batch.correction ? totals.corrections : totals.batches);
    totals.transfers += batch.transfers.size();
    report_.transfers += batch.transfers.size();
    totals.losses += batch.losses.size();
    for (const Loss& loss : batch.losses) {
        totals.lost_packets += loss.packets.value_or(0);
        if (!loss.packets && !loss.bytes_bound) ++totals.losses_unbounded;
    }
    sum(totals.observed, batch.observed, stored.number);
    for (const Transfer& t : batch.transfers) {
        // Otherwise it violates a rule, which visit() has reported.
        if (!names_exist(batch, t)) continue;
        sum(totals.*part_of(batch, t), t.volume, stored.number);
        sum(totals.posted, t.volume, stored.number);
    }
    if (batch.correction) subtract_removed(totals, stored);
}

// After the added transfers of the same batch, so that no total falls below what it is at the end.
void Auditor::subtract_removed(MeterTotals& totals, const StoredBatch& stored) {
    const Correction& correction = *stored.batch.correction;
    totals.transfers += correction.removed.size();
    report_.transfers += correction.removed.size();
    bool fits = true;
    const auto subtract = [&fits](Volume& total, const Volume& volume) {
        if (volume.bytes > total.bytes || volume.packets > total.packets ||
            volume.flows > total.flows) {
            fits = false;
            return;
        }
        total.bytes -= volume.bytes;
        total.packets -= volume.packets;
        total.flows -= volume.flows;
    };
    for (const Transfer& t : correction.removed) {
        if (!names_exist(stored.batch, t)) continue;
        subtract(totals.*part_of(stored.batch, t), t.volume);
        subtract(totals.posted, t.volume);
    }
    if (!fits)
        add(FindingKind::rule, stored.number,
            "the correction removes more than the earlier batches of its meter have");
}

void Auditor::visit(const StoredDirectoryChange& change) {
    const std::uint64_t version = change.delta.version;
    if (version != report_.directory_versions + 1)
        add(FindingKind::directory, 0,
            fmt::format("version {} of the directory follows version {}", version,
                        report_.directory_versions));
    report_.directory_versions = version;
    if (!change.damage.empty())
        add(FindingKind::directory, 0,
            fmt::format("version {} of the directory: {}", version, change.damage));
    if (directory_hash(directory_hash_, change.delta) != change.hash)
        add(FindingKind::directory, 0,
            fmt::format("version {} of the directory: the hash does not match: an account, binding "
                        "or network was changed",
                        version));
    if (change.hash.size() == hash_octets) directory_hash_ = change.hash;
}

void Auditor::compare_cursors(const std::vector<std::pair<std::string, Cursor>>& current) {
    std::map<CursorKey, Cursor> left = cursors_;
    for (const auto& [meter, cursor] : current) {
        const auto found = left.find({meter, cursor.source});
        if (found == left.end())
            add(FindingKind::cursor, 0,
                fmt::format("the cursor of '{1}' of meter '{0}' is in no batch", meter,
                            cursor.source));
        else if (found->second != cursor)
            add(FindingKind::cursor, 0,
                fmt::format("the cursor of '{}' of meter '{}' (version {}) differs from the one of "
                            "its last batch (version {})",
                            cursor.source, meter, cursor.version, found->second.version));
        if (found != left.end()) left.erase(found);
    }
    for (const auto& [key, cursor] : left)
        add(FindingKind::cursor, 0,
            fmt::format("the cursor of '{}' of meter '{}' is missing", key.second, key.first));
}

}  // namespace

const char* to_string(FindingKind kind) {
    switch (kind) {
        case FindingKind::chain:
            return "chain";
        case FindingKind::rule:
            return "rule";
        case FindingKind::cursor:
            return "cursor";
        case FindingKind::directory:
            return "directory";
        case FindingKind::store:
            return "store";
    }
    CHECK(false);
}

Result<AuditReport> audit(Query& ledger) {
    Auditor auditor;
    const auto read_all = [&]() -> Status {
        // First, so that damage of the database is listed before the findings that follow from it.
        TRY_ASSIGN(auto texts, ledger.self_check());
        auditor.add_store(std::move(texts));
        const auto visit = [&](const auto& stored) -> Status {
            auditor.visit(stored);
            return {};
        };
        TRY(ledger.each_batch(visit));
        TRY(ledger.each_directory_change(visit));
        auditor.check_directory_is_whole();
        TRY_ASSIGN(const auto current, ledger.current_cursors());
        auditor.compare_cursors(current);
        return {};
    };
    TRY(ledger.snapshot(read_all));
    return auditor.finish();
}

}  // namespace octroi
