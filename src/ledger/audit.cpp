// SPDX-License-Identifier: GPL-3.0-or-later
#include "ledger/audit.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <map>

#include "base/check.hpp"
#include "ledger/audit_sums.hpp"
#include "ledger/rules.hpp"

namespace octroi {
namespace {

using CursorKey = std::pair<std::string, std::string>;  // meter, source

class Auditor {
public:
    explicit Auditor(const AuditOptions& options) : options_(options) {
        if (!options.since) return;
        trusted_ = batches_of(options.since->heads);
        last_number_ = trusted_;
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
    void compare_cursors();
    void check_runs();
    void add_store(std::vector<std::string> texts) {
        for (std::string& text : texts) add(FindingKind::store, 0, std::move(text));
    }

private:
    void visit(const StoredBatch& stored);
    void visit(const StoredDirectoryChange& change);
    [[nodiscard]] Status visit(Query& ledger, const StoredAnchor& stored);
    void visit(const StoredCompaction& stored);
    void check_compacted(const StoredBatch& stored);
    [[nodiscard]] Status check_expected(Query& ledger);
    void add(FindingKind kind, std::uint64_t batch, std::string text) {
        if (report_.findings.size() < findings_max)
            report_.findings.push_back({kind, batch, std::move(text)});
        else
            ++report_.findings_left_off;
    }
    [[nodiscard]] bool check_rows(const StoredBatch& stored);
    void check_link(const StoredBatch& stored);
    void check_cursors(const StoredBatch& stored);
    void total(const StoredBatch& stored, bool is_valid);
    [[nodiscard]] MeterTotals finish(MeterSums& sums);

    const AuditOptions& options_;
    AuditReport report_;
    std::uint64_t trusted_ = 0;
    std::uint64_t last_number_ = 0;  // of the batches that were visited
    std::uint64_t last_batch_ = 0;   // as of the beginning
    std::vector<ChainHead> stored_heads_;
    std::vector<std::pair<std::string, Cursor>> current_cursors_;
    std::string anchor_hash_ = zero_hash();
    std::map<WriterId, ChainPosition> heads_;
    std::map<std::pair<std::string, Layer>, MeterSums> meters_;
    struct SeenCursor {
        Cursor cursor;
        std::uint64_t batch = 0;
    };
    std::map<CursorKey, SeenCursor> cursors_;
    std::map<std::string, std::uint64_t> compacted_cursors_;  // by meter: the last batch with gaps
    // A compaction that is not replaced, and what the headers of its batches say.
    struct Run {
        StoredCompaction stored;
        BatchesDigest digest;
        std::map<MeterName, WideVolume> observed;
        std::uint64_t batches = 0;
    };
    std::map<std::uint64_t, Run> runs_;  // by first batch
    [[nodiscard]] Run* run_of(std::uint64_t batch);
    std::string compaction_hash_ = zero_hash();
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
    if (stored.compacted) check_compacted(stored);
    if (stored.batch.directory_version > newest_used_) {
        newest_used_ = stored.batch.directory_version;
        newest_used_by_ = number;
    }
    check_cursors(stored);
    total(stored, is_valid);
}

// Whether the rows are those that the header states. False: they violate a rule.
bool Auditor::check_rows(const StoredBatch& stored) {
    if (const auto violation = find_violation(stored.batch)) {
        // Such a batch has no canonical form, and so no digests.
        add(FindingKind::rule, stored.number, violation->text);
        return false;
    }
    const BatchDigests found = digests(canonical(stored.batch));
    constexpr std::array<std::string_view, batch_lists> names{"transfers", "sampled counts",
                                                              "cursors", "losses", "translations"};
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

void Auditor::check_cursors(const StoredBatch& stored) {
    const std::string& meter = stored.batch.meter.name;
    const auto cursors = static_cast<std::size_t>(BatchList::cursors);
    if (stored.compacted && stored.digests[cursors].rows > stored.batch.cursors.size())
        compacted_cursors_[meter] = stored.number;
    const auto gap = compacted_cursors_.find(meter);
    for (const Cursor& cursor : stored.batch.cursors) {
        const auto [place, is_new] = cursors_.try_emplace({meter, cursor.source});
        SeenCursor& last = place->second;
        // The first one after an anchor, or after a compacted batch, continues one that was not
        // checked.
        const bool continues_unseen = (is_new && trusted_ > 0) ||
                                      (gap != compacted_cursors_.end() && gap->second > last.batch);
        const bool follows = continues_unseen ? cursor.version > last.cursor.version
                                              : cursor.version == last.cursor.version + 1;
        if (!follows)
            add(FindingKind::cursor, stored.number,
                fmt::format("the cursor of '{}' jumps from version {} to {}", cursor.source,
                            last.cursor.version, cursor.version));
        last = {cursor, stored.number};
    }
}

void Auditor::total(const StoredBatch& stored, bool is_valid) {
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
        totals.lost_packets += loss.packets.value_or(0);
        if (!loss.packets && !loss.bytes_bound) ++totals.losses_unbounded;
    }
    // Of a batch that was compacted while the audit runs, the sums are not known here.
    if (!stored.compacted || run_of(stored.number) != nullptr) sums.observed += batch.observed;
    // Its figures can have any value, and its names may not exist; visit() has reported that.
    if (!is_valid) return;
    add_parts(batch, batch.transfers, sums.added);
    if (batch.correction) add_parts(batch, batch.correction->removed, sums.removed);
}

void Auditor::visit(const StoredCompaction& stored) {
    const CompactionRecord& record = stored.record;
    const auto found = [&](std::string_view text) {
        add(FindingKind::compaction, 0, fmt::format("compaction {}: {}", record.number, text));
    };
    if (record.number != report_.compactions + 1)
        found(fmt::format("it follows compaction {}", report_.compactions));
    report_.compactions = record.number;
    if (!stored.damage.empty()) found(stored.damage);
    if (record.first_batch < 1 || record.last_batch < record.first_batch)
        found("its batches are not valid");
    if (stored.previous_hash != compaction_hash_)
        found("the previous hash is not that of the compaction before");
    const bool digests_fit = record.batches_digest.size() == hash_octets &&
                             std::ranges::all_of(record.meters, [](const CompactedMeter& meter) {
                                 return meter.transfers.digest.size() == hash_octets &&
                                        meter.sampled.digest.size() == hash_octets;
                             });
    if (!digests_fit || compaction_hash(compaction_hash_, record) != stored.hash)
        found("the hash does not match: the compaction, or the one before, was changed");
    if (stored.hash.size() == hash_octets) compaction_hash_ = stored.hash;
    // Those of batches before the anchor were checked then; those of later batches are not asked
    // for.
    if (stored.is_replaced || record.last_batch <= trusted_ || record.last_batch > last_batch_)
        return;
    if (stored.found != record.meters)
        found("its sums by hour or day were changed: they are not those of the record");
    for (std::size_t i = 0; i < std::min(stored.found.size(), stored.parts.size()); ++i) {
        const MeterName& meter = stored.found[i].meter;
        MeterSums& sums = meters_[{meter.name, meter.layer}];
        sums.totals.meter = meter.name;
        sums.totals.layer = meter.layer;
        const StoredCompaction::Parts& parts = stored.parts[i];
        add_signed(parts.attributed, sums.added[attributed], sums.removed[attributed]);
        add_signed(parts.unattributed, sums.added[unattributed], sums.removed[unattributed]);
        add_signed(parts.excluded, sums.added[excluded], sums.removed[excluded]);
        add_signed(parts.transit, sums.added[transit], sums.removed[transit]);
    }
    runs_[record.first_batch].stored = stored;
}

// A batch of which only the header, the losses and the translations are left.
void Auditor::check_compacted(const StoredBatch& stored) {
    ++report_.batches_compacted;
    const BatchDigests found = digests(canonical(stored.batch));
    for (const BatchList list : {BatchList::losses, BatchList::translations}) {
        const auto i = static_cast<std::size_t>(list);
        if (found[i] != stored.digests[i])
            add(FindingKind::chain, stored.number,
                "the losses or translations were changed: they do not have the digest of the "
                "header");
    }
    const auto cursors = static_cast<std::size_t>(BatchList::cursors);
    if (stored.batch.cursors.size() >= stored.digests[cursors].rows &&
        found[cursors] != stored.digests[cursors])
        add(FindingKind::chain, stored.number,
            "the cursors were changed: they do not have the digest of the header");
    Run* run = run_of(stored.number);
    if (run == nullptr) return;
    run->digest.add(stored.hash, stored.first_bucket, stored.last_bucket);
    ++run->batches;
    if (!stored.batch.correction) run->observed[stored.batch.meter] += stored.batch.observed;
}

// Null: it was compacted after the audit began.
Auditor::Run* Auditor::run_of(std::uint64_t batch) {
    auto run = runs_.upper_bound(batch);
    if (run == runs_.begin()) return nullptr;
    --run;
    return batch <= run->second.stored.record.last_batch ? &run->second : nullptr;
}

// Whether the sums that are left are what the headers of the compacted batches observed.
void Auditor::check_runs() {
    for (auto& [first, run] : runs_) {
        const CompactionRecord& record = run.stored.record;
        const auto found = [&](std::string_view text) {
            add(FindingKind::compaction, 0, fmt::format("compaction {}: {}", record.number, text));
        };
        if (first <= trusted_) {
            found(
                "it contains batches from before and after the anchor; next: audit the whole "
                "ledger");
            continue;
        }
        if (run.batches != record.last_batch - record.first_batch + 1 ||
            run.digest.finish() != record.batches_digest)
            found("its batches are not those of the record");
        std::erase_if(run.observed, [](const auto& sum) { return sum.second == WideVolume{}; });
        for (const CompactedMeter& meter : record.meters) {
            WideVolume sum;
            sum += meter.volume;
            const auto at = run.observed.find(meter.meter);
            const WideVolume observed = at == run.observed.end() ? WideVolume{} : at->second;
            if (sum != observed)
                found(fmt::format("its sums of meter {} are not what the batches observed",
                                  meter.meter.name));
            if (at != run.observed.end()) run.observed.erase(at);
        }
        for (const auto& [meter, volume] : run.observed)
            found(fmt::format("its sums of meter {} are missing", meter.name));
    }
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
        TRY_ASSIGN(last_batch_, ledger.last_batch());
        TRY_ASSIGN(stored_heads_, ledger.heads());
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
    const std::uint64_t all = last_batch_ > trusted_ ? last_batch_ - trusted_ : 0;
    return ledger.each_batch_in({trusted_, last_batch_}, [&](const StoredBatch& stored) -> Status {
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
            fmt::format("a sum of meter {} exceeds 64 bits, or corrections remove more than there "
                        "is",
                        totals.meter));
    return std::move(totals);
}

AuditReport Auditor::finish() {
    report_.heads = std::move(stored_heads_);
    for (auto& [name, sums] : meters_) report_.meters.push_back(finish(sums));
    return std::move(report_);
}

void Auditor::compare_cursors() {
    std::map<CursorKey, SeenCursor> left = std::move(cursors_);
    for (const auto& [meter, cursor] : current_cursors_) {
        const auto found = left.find({meter, cursor.source});
        if (found == left.end() && trusted_ > 0) continue;
        if (found == left.end())
            add(FindingKind::cursor, 0,
                fmt::format("the cursor of '{1}' of meter '{0}' is in no batch", meter,
                            cursor.source));
        else if (found->second.cursor != cursor)
            add(FindingKind::cursor, 0,
                fmt::format("the cursor of '{}' of meter '{}' (version {}) differs from the one of "
                            "its last batch (version {})",
                            cursor.source, meter, cursor.version, found->second.cursor.version));
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
    auditor.check_runs();
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
