// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

// Whether cursors move by one version at a time, and whether the current one of each source is the
// last one that a batch, or the record of a compaction, has.

#include <map>
#include <string>
#include <utility>
#include <vector>

#include "ledger/audit_findings.hpp"
#include "ledger/query.hpp"

namespace octroi {

class CursorAudit {
public:
    // trusted: batches up to this number are not visited. `findings` must outlive it.
    CursorAudit(AuditFindings& findings, std::uint64_t trusted)
        : findings_(findings), trusted_(trusted) {}

    // In the order of the batches. is_recorded: the batch is compacted, and visit_kept() gets what
    // its compaction has kept.
    void visit(const StoredBatch& stored, bool is_recorded);
    // After the last batch of the compaction.
    void visit_kept(std::uint64_t last_batch, const std::vector<KeptCursor>& cursors);
    // After all batches. `current`: Query::current_cursors().
    void compare(const std::vector<std::pair<std::string, Cursor>>& current);

private:
    using Key = std::pair<std::string, std::string>;  // meter, source
    struct Version {
        std::uint64_t number = 0;
        std::uint64_t batch = 0;  // 0: none was seen
    };
    struct Seen {
        Cursor cursor;
        std::uint64_t batch = 0;
        Version version;
    };
    // last: null: no batch has one. is_known: whether the batch that moved the cursor last was
    // visited.
    [[nodiscard]] bool is_known(const std::string& meter, const Cursor& current,
                                const Seen* last) const;
    void compare(const std::string& meter, const Cursor& current, const Seen* last);

    AuditFindings& findings_;
    std::uint64_t trusted_;
    std::map<Key, Seen> seen_;
    std::map<std::string, Version> content_;     // by content source: the latest of all meters
    std::map<std::string, std::uint64_t> gaps_;  // by meter: the last batch with cursors not seen
    std::uint64_t last_gap_ = 0;                 // of all meters
    // By meter: the last batch that was compacted during the audit, so that its cursors are not
    // known.
    std::map<std::string, std::uint64_t> unknown_;
};

}  // namespace octroi
