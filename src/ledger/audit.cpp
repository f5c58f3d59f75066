// SPDX-License-Identifier: GPL-3.0-or-later
#include "ledger/audit.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <map>

#include "base/check.hpp"
#include "ledger/audit_compactions.hpp"
#include "ledger/audit_cursors.hpp"
#include "ledger/audit_findings.hpp"
#include "ledger/audit_sums.hpp"
#include "ledger/rules.hpp"
#include "record/loss_unit.hpp"

namespace octroi {
namespace {

class Auditor {
public:
    explicit Auditor(const AuditOptions& options)
        : options_(options), trusted_(options.since ? batches_of(options.since->heads) : 0) {
        if (!options.since) return;
        report_.batches_trusted = trusted_;
        for (const ChainHead& head : options.since->heads)
            if (head.chain == ChainKind::writer)
                heads_[head.writer.id] = {head.writer, head.sequence, head.hash};
    }

    // The number of the last batch that is not checked.
    [[nodiscard]] std::uint64_t trusted() const { return trusted_; }
    // The state of the ledger that is checked, read in one snapshot.
    [[nodiscard]] Status read_state(Query& ledger);
    [[nodiscard]] Status check_batches(Query& ledger);
    [[nodiscard]] AuditReport finish();

    // Called after all visits. Versions that were removed from the end leave no gap in the numbers,
    // but batches may name them.
    void check_directory_is_whole() {
        if (newest_used_ > report_.directory_versions)
            add(FindingKind::directory, newest_used_by_,
                fmt::format("the batch was attributed with version {} of the directory, but the "
                            "last version is {}",
                            newest_used_, report_.directory_versions));
    }
    void compare_cursors() { cursors_.compare(current_cursors_); }
    void check_compactions() { compactions_.finish(); }
    void add_store(std::vector<std::string> texts) {
        for (std::string& text : texts) add(FindingKind::store, 0, std::move(text));
    }

private:
    void visit(const StoredBatch& stored);
    void visit(const StoredDirectoryChange& change);
    [[nodiscard]] Status visit(Query& ledger, const StoredAnchor& stored);
    void visit(const StoredCompaction& stored);
    // Null: it was not visited.
    [[nodiscard]] const StoredCompaction* check_compacted(const StoredBatch& stored);
    [[nodiscard]] Status check_expected(Query& ledger);
    void add(FindingKind kind, std::uint64_t batch, std::string text) {
        findings_.add(kind, batch, std::move(text));
    }
    [[nodiscard]] bool check_rows(const StoredBatch& stored);
    void check_link(const StoredBatch& stored);
    void total(const StoredBatch& stored, bool has_sums, bool is_valid);
    [[nodiscard]] MeterTotals finish(MeterSums& sums);

    const AuditOptions& options_;
    AuditReport report_;
    std::uint64_t trusted_;
    AuditFindings findings_;
    CursorAudit cursors_{findings_, trusted_};
    CompactionAudit compactions_{findings_, trusted_};
    std::uint64_t last_number_ = trusted_;  // of the batches that were visited
    AuditedState state_;
    std::vector<ChainHead> stored_heads_;
    std::vector<std::pair<std::string, Cursor>> current_cursors_;
    std::string anchor_hash_ = zero_hash();
    std::map<WriterId, ChainPosition> heads_;
    std::map<std::pair<std::string, Layer>, MeterSums> meters_;
    std::string directory_hash_ = zero_hash();
    std::uint64_t newest_used_ = 0;     // greatest version of the directory that a batch names
    std::uint64_t newest_used_by_ = 0;  // the first batch that names it
};

void Auditor::visit(const StoredBatch& stored) {
    const std::uint64_t number = stored.number;
    if (number != last_number_ + 1)
        add(FindingKind::chain, number,
            fmt::format("batch {} follows batch {}", number, last_number_));
    last_number_ = number;
    ++report_.batches;
    if (!stored.damage.empty()) add(FindingKind::chain, number, stored.damage);
    const bool is_valid = !stored.compacted && check_rows(stored);
    check_link(stored);
    const StoredCompaction* compaction = stored.compacted ? check_compacted(stored) : nullptr;
    if (stored.batch.directory_version > newest_used_) {
        newest_used_ = stored.batch.directory_version;
        newest_used_by_ = number;
    }
    cursors_.visit(stored, compaction != nullptr);
    if (compaction != nullptr && compaction->record.last_batch == number)
        cursors_.visit_kept(number, compaction->found.cursors);
    // Of a batch that was compacted while the audit runs, the sums are not known here.
    total(stored, !stored.compacted || compaction != nullptr, is_valid);
}

// Whether the rows are those that the header states. False: they violate a rule.
bool Auditor::check_rows(const StoredBatch& stored) {
    if (const auto violation = find_violation(stored.batch)) {
        // Such a batch has no canonical form, and so no digests.
        add(FindingKind::rule, stored.number, violation->text);
        return false;
    }
    const BatchDigests found = digests(canonical(stored.batch));
    constexpr std::array<std::string_view, batch_lists> names{
        "transfers", "sampled counts", "cursors", "losses", "translations", "identities"};
    for (std::size_t i = 0; i < batch_lists; ++i)
        if (found[i] != stored.digests[i])
            add(FindingKind::chain, stored.number,
                fmt::format("the {} were changed: they do not have the digest of the header",
                            names[i]));
    return true;
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

void Auditor::total(const StoredBatch& stored, bool has_sums, bool is_valid) {
    const Batch& batch = stored.batch;
    const std::size_t removed_rows = batch.correction ? batch.correction->removed.size() : 0;
    const std::uint64_t rows = batch.transfers.size() + removed_rows;
    MeterSums& sums = meters_[{batch.meter.name, batch.meter.layer}];
    MeterTotals& totals = sums.totals;
    totals.meter = batch.meter.name;
    totals.layer = batch.meter.layer;
    ++(batch.correction ? totals.corrections : totals.batches);
    totals.transfers += rows;
    report_.transfers += rows;
    totals.losses += batch.losses.size();
    for (const Loss& loss : batch.losses) {
        totals.lost_packets =
            checked_add(totals.lost_packets, packets_of(loss)).value_or(UINT64_MAX);
        if (!loss.packets && !loss.bytes_bound) ++totals.losses_unbounded;
    }
    if (has_sums) sums.observed += batch.observed;
    // Its figures can have any value, and its names may not exist; visit() has reported that.
    if (!is_valid) return;
    add_parts(batch, batch.transfers, sums.added);
    if (batch.correction) add_parts(batch, batch.correction->removed, sums.removed);
}

void Auditor::visit(const StoredCompaction& stored) {
    const bool counts = compactions_.visit(stored, state_);
    report_.compactions = compactions_.records();
    if (!counts) return;
    const auto& meters = stored.found.meters;
    for (std::size_t i = 0; i < std::min(meters.size(), stored.parts.size()); ++i) {
        const MeterName& meter = meters[i].meter;
        MeterSums& sums = meters_[{meter.name, meter.layer}];
        sums.totals.meter = meter.name;
        sums.totals.layer = meter.layer;
        const StoredCompaction::Parts& parts = stored.parts[i];
        add_signed(parts.attributed, sums.added[attributed], sums.removed[attributed]);
        add_signed(parts.unattributed, sums.added[unattributed], sums.removed[unattributed]);
        add_signed(parts.excluded, sums.added[excluded], sums.removed[excluded]);
        add_signed(parts.transit, sums.added[transit], sums.removed[transit]);
    }
}

// A batch of which only the header, the losses and the identities are left. The record of its
// compaction has the rest.
const StoredCompaction* Auditor::check_compacted(const StoredBatch& stored) {
    ++report_.batches_compacted;
    const auto found = digests(canonical(stored.batch));
    for (const auto& [list, name] :
         {std::pair{BatchList::losses, "losses"}, std::pair{BatchList::identities, "identities"}}) {
        const auto at = static_cast<std::size_t>(list);
        if (found[at] != stored.digests[at])
            add(FindingKind::chain, stored.number,
                fmt::format("the {} were changed: they do not have the digest of the header",
                            name));
    }
    return compactions_.visit(stored);
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

Status Auditor::visit(Query& ledger, const StoredAnchor& stored) {
    const std::uint64_t number = stored.anchor.number;
    const auto found = [&](std::string_view text) {
        add(FindingKind::anchor, 0, fmt::format("anchor {}: {}", number, text));
    };
    if (number != report_.anchors + 1) found(fmt::format("it follows anchor {}", report_.anchors));
    report_.anchors = number;
    if (!stored.damage.empty()) found(stored.damage);
    if (stored.previous_hash != anchor_hash_)
        found("the previous hash is not that of the anchor before");
    if (anchor_hash(anchor_hash_, stored.anchor) != stored.hash)
        found("the hash does not match: the anchor, or the one before, was changed");
    if (stored.hash.size() == hash_octets) anchor_hash_ = stored.hash;
    for (const ChainHead& head : stored.anchor.heads) {
        TRY_ASSIGN(const auto hash, ledger.link_hash(head));
        if (hash != head.hash)
            found(fmt::format("link {} of the chain of {} is {}", head.sequence,
                              to_string(head.chain, head.writer),
                              hash ? "another one now" : "gone"));
    }
    return {};
}

Status Auditor::check_expected(Query& ledger) {
    for (const ChainHead& head : options_.expected) {
        TRY_ASSIGN(const auto hash, ledger.link_hash(head));
        if (hash == head.hash) continue;
        add(FindingKind::expected, 0,
            fmt::format("the chain of {} {} link {} with the hash that was kept",
                        to_string(head.chain, head.writer),
                        hash ? "was replaced: it has another" : "was cut off: it has no",
                        head.sequence));
    }
    return {};
}

Status Auditor::read_state(Query& ledger) {
    const auto read_all = [&]() -> Status {
        TRY_ASSIGN(state_.last_batch, ledger.last_batch());
        TRY_ASSIGN(stored_heads_, ledger.heads());
        for (const ChainHead& head : stored_heads_)
            if (head.chain == ChainKind::compactions) state_.last_compaction = head.sequence;
        TRY_ASSIGN(current_cursors_, ledger.current_cursors());
        TRY(ledger.each_directory_change([&](const StoredDirectoryChange& change) -> Status {
            visit(change);
            return {};
        }));
        TRY(ledger.each_anchor([&](const StoredAnchor& stored) { return visit(ledger, stored); }));
        return check_expected(ledger);
    };
    TRY(ledger.snapshot(read_all));
    return ledger.each_compaction(trusted_, [&](const StoredCompaction& stored) -> Status {
        visit(stored);
        return {};
    });
}

Status Auditor::check_batches(Query& ledger) {
    const std::uint64_t last = state_.last_batch;
    const std::uint64_t all = last > trusted_ ? last - trusted_ : 0;
    return ledger.each_batch_in({trusted_, last}, [&](const StoredBatch& stored) -> Status {
        visit(stored);
        if (options_.progress && report_.batches % 64 == 0) options_.progress(report_.batches, all);
        return {};
    });
}

MeterTotals Auditor::finish(MeterSums& sums) {
    MeterTotals& totals = sums.totals;
    bool fits = difference(sums.observed, {}, totals.observed);
    WideVolume added;
    WideVolume removed;
    for (std::size_t part = 0; part < parts; ++part) {
        // After an anchor, corrections may be about batches before it.
        const bool part_fits =
            difference(sums.added[part], sums.removed[part], totals.*part_totals[part]);
        fits = (part_fits || trusted_ > 0) && fits;
        added += sums.added[part];
        removed += sums.removed[part];
    }
    fits = difference(added, removed, totals.posted) && fits;
    if (!fits)
        add(FindingKind::rule, 0,
            fmt::format("corrections of meter {} remove more than there is", totals.meter));
    return std::move(totals);
}

AuditReport Auditor::finish() {
    report_.heads = std::move(stored_heads_);
    for (auto& [name, sums] : meters_) report_.meters.push_back(finish(sums));
    findings_.finish(report_);
    return std::move(report_);
}

}  // namespace

const char* to_string(FindingKind kind) {
    switch (kind) {
        case FindingKind::chain:
            return "chain";
        case FindingKind::compaction:
            return "compaction";
        case FindingKind::rule:
            return "rule";
        case FindingKind::cursor:
            return "cursor";
        case FindingKind::directory:
            return "directory";
        case FindingKind::anchor:
            return "anchor";
        case FindingKind::expected:
            return "expected";
        case FindingKind::store:
            return "store";
    }
    CHECK(false);
}

Result<AuditReport> audit(Query& ledger, const AuditOptions& options) {
    Auditor auditor(options);
    // First, so that damage of the database is listed before the findings that follow from it.
    TRY_ASSIGN(auto texts, ledger.self_check(auditor.trusted()));
    auditor.add_store(std::move(texts));
    TRY(auditor.read_state(ledger));
    TRY(auditor.check_batches(ledger));
    auditor.check_compactions();
    auditor.check_directory_is_whole();
    auditor.compare_cursors();
    return auditor.finish();
}

Result<std::optional<Anchor>> find_anchor(Query& ledger, std::uint64_t number) {
    std::optional<Anchor> found;
    TRY(ledger.each_anchor([&](const StoredAnchor& stored) -> Status {
        if (stored.anchor.number == number) found = stored.anchor;
        return {};
    }));
    return found;
}

Result<std::optional<Anchor>> find_anchor(Query& ledger, UtcTime at) {
    std::optional<Anchor> found;
    TRY(ledger.each_anchor([&](const StoredAnchor& stored) -> Status {
        if (stored.anchor.at <= at) found = stored.anchor;
        return {};
    }));
    return found;
}

}  // namespace octroi
