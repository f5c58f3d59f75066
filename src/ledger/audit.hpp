// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

// The audit checks that the ledger contains exactly the committed batches and keeps its promises:
// conservation of bytes, cursors without jumps, unbroken hash chains, true anchors. It works on any
// store, recomputes everything from the stored rows, and changes nothing.

#include <cstdint>
#include <functional>
#include <optional>
#include <string>
#include <vector>

#include "ledger/query.hpp"

namespace octroi {

enum class FindingKind {
    chain,       // a batch is missing, or its content does not have the stored hash
    compaction,  // a compaction does not have the stored hash, or its rows are not what the batches
                 // observed
    rule,        // a batch violates a rule of the ledger (rules.hpp), for example conservation
    cursor,      // a cursor skipped a version, or differs from the one of the last batch
    directory,   // a version of the directory is missing, or does not have the stored hash
    anchor,      // an anchor does not have the stored hash, or its heads are not in their chains
    expected,    // a head that was kept elsewhere is not in the ledger
    store,       // a finding of Query::self_check()
};
[[nodiscard]] const char* to_string(FindingKind kind);

struct AuditFinding {
    FindingKind kind = FindingKind::chain;
    std::uint64_t batch = 0;  // number of the batch; 0: the finding is not about a batch
    std::string text;         // one sentence, for people
};

struct MeterTotals {
    std::string meter;
    Layer layer = Layer::ip;
    std::uint64_t batches = 0;  // observations
    std::uint64_t corrections = 0;
    std::uint64_t transfers = 0;
    Volume observed;    // sum of what the meter observed, as its batches state it
    Volume posted;      // sum of the transfers
    Volume attributed;  // the four parts of `posted`, as in UsageTotals
    Volume unattributed;
    Volume excluded;
    Volume transit;
    std::uint64_t losses = 0;            // number of loss records
    std::uint64_t lost_packets = 0;      // sum over the losses with a known number
    std::uint64_t losses_unbounded = 0;  // losses without a bound on packets or bytes
};

struct AuditReport {
    std::vector<AuditFinding> findings;  // at most findings_max
    std::uint64_t findings_left_off = 0;
    std::vector<MeterTotals> meters;  // by name and layer
    std::uint64_t batches = 0;
    std::uint64_t transfers = 0;
    std::uint64_t directory_versions = 0;
    std::uint64_t anchors = 0;
    std::uint64_t compactions = 0;
    // Of these, transfers and cursors are gone: their headers, and that the sums that are left are
    // what the headers observed, is all that can be proved.
    std::uint64_t batches_compacted = 0;
    std::uint64_t batches_trusted = 0;  // not checked: before AuditOptions::since
    // The last links of all chains, sorted. A copy that is kept elsewhere also proves that no links
    // were removed from the end and that the ledger was not rewritten as a whole.
    std::vector<ChainHead> heads;

    [[nodiscard]] bool holds() const { return findings.empty(); }
};

inline constexpr std::size_t findings_max = 1000;

struct AuditOptions {
    // Only what came after this anchor is checked. Its heads are trusted, so totals are those of
    // the batches after it.
    std::optional<Anchor> since;
    // Heads that were kept elsewhere: each must be in the ledger.
    std::vector<ChainHead> expected;
    // Called now and then, with the batches that are checked and all that are to be checked.
    std::function<void(std::uint64_t done, std::uint64_t all)> progress;
};

// Checks the ledger as it is at the beginning of the call; batches that are committed meanwhile are
// left out. Linear in its size. Reads in short transactions, so it delays neither writers nor the
// database. Damage is a finding, not an error: an error means that the ledger could not be read.
// Memory: one batch, the cursors and totals of all meters, and the names that the store keeps.
[[nodiscard]] Result<AuditReport> audit(Query& ledger, const AuditOptions& options = {});

// The newest anchor of that number; nullopt: there is none.
[[nodiscard]] Result<std::optional<Anchor>> find_anchor(Query& ledger, std::uint64_t number);
// The newest anchor that was made at that moment or before.
[[nodiscard]] Result<std::optional<Anchor>> find_anchor(Query& ledger, UtcTime at);

}  // namespace octroi
