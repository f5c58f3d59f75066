// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

// The audit: is the ledger still what was committed, and does it keep its promises? Works on any
// store, believes nothing but what it recomputes, and changes nothing.

#include <cstdint>
#include <string>
#include <vector>

#include "ledger/query.hpp"

namespace octroi {

enum class FindingKind {
    chain,      // a batch does not have the hash that was made for it, or is missing
    rule,       // a batch breaks a rule of the ledger, conservation among them
    cursor,     // a cursor jumped, or is not where the last batch left it
    directory,  // a version of the directory does not have the hash that was made for it, or is
                // missing
    store,      // the store's own check of itself
};
[[nodiscard]] const char* to_string(FindingKind kind);

struct AuditFinding {
    FindingKind kind = FindingKind::chain;
    std::uint64_t batch = 0;  // its number; 0: of no batch
    std::string text;
};

struct MeterTotals {
    std::string meter;
    std::uint64_t batches = 0;
    std::uint64_t transfers = 0;
    Volume observed;    // as the meter said
    Volume posted;      // as the transfers sum up
    Volume attributed;  // the parts of `posted`, as in UsageTotals
    Volume unattributed;
    Volume excluded;
    Volume transit;
    std::uint64_t losses = 0;
    std::uint64_t lost_packets = 0;  // where known
    std::uint64_t losses_unbounded = 0;
};

struct AuditReport {
    std::vector<AuditFinding> findings;  // at most findings_max
    std::uint64_t findings_left_off = 0;
    std::vector<MeterTotals> meters;  // by name
    std::uint64_t batches = 0;
    std::uint64_t transfers = 0;
    std::uint64_t directory_versions = 0;
    // Of the last batch (zeros: none). Noted down elsewhere, it also proves that nothing was cut
    // off the end, and that nobody has rewritten the whole.
    std::string head_hash;
    // Of the last version of the directory, for the same: batches name versions, not what they say.
    std::string directory_head_hash;

    [[nodiscard]] bool holds() const { return findings.empty(); }
};

inline constexpr std::size_t findings_max = 1000;

// Reads the whole ledger as of one moment. An error means that it could not be read, not that it is
// wrong.
[[nodiscard]] Result<AuditReport> audit(Query& ledger);

}  // namespace octroi
