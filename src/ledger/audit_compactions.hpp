// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

// Whether the records of compactions are a chain, what they left is what they say, and the sums
// that are left are what the headers of their batches observed.

#include <map>
#include <string>

#include "ledger/audit_findings.hpp"
#include "ledger/audit_sums.hpp"
#include "ledger/query.hpp"

namespace octroi {

// What a ledger had at the beginning of its audit. Later links are not asked for.
struct AuditedState {
    std::uint64_t last_batch = 0;
    std::uint64_t last_compaction = 0;
};

class CompactionAudit {
public:
    // Batches `trusted` + 1 to AuditedState::last_batch will be visited. `findings` must outlive
    // it.
    CompactionAudit(AuditFindings& findings, std::uint64_t trusted)
        : findings_(findings), trusted_(trusted) {}

    // All records, in their order, before the batches. True: its sums are part of what the audit
    // checks.
    [[nodiscard]] bool visit(const StoredCompaction& stored, const AuditedState& state);
    // A batch that is compacted. Null: after the audit began, so that its record was not visited.
    [[nodiscard]] const StoredCompaction* visit(const StoredBatch& stored);
    // After all batches.
    void finish();
    [[nodiscard]] std::uint64_t records() const { return records_; }

private:
    // A compaction that is not replaced, and what the headers of its batches say.
    struct Run {
        StoredCompaction stored;
        BatchesDigest digest;
        std::map<MeterName, WideVolume> observed;
        std::uint64_t batches = 0;
    };
    void compare(const StoredCompaction& stored);
    void check_observed(Run& run);
    void add(const CompactionRecord& record, std::string_view text);

    AuditFindings& findings_;
    std::uint64_t trusted_;
    std::uint64_t records_ = 0;
    std::string hash_ = zero_hash();
    std::map<std::uint64_t, Run> runs_;  // by first batch
};

}  // namespace octroi
