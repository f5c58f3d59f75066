// SPDX-License-Identifier: GPL-3.0-or-later
#include "ledger/audit_cursors.hpp"

#include <fmt/format.h>

namespace octroi {

void CursorAudit::visit(const StoredBatch& stored, bool is_recorded) {
    const std::string& meter = stored.batch.meter.name;
    if (stored.compacted) {
        if (stored.digests[static_cast<std::size_t>(BatchList::cursors)].rows == 0) return;
        gaps_[meter] = stored.number;
        if (!is_recorded) unknown_.insert(meter);
        return;
    }
    const auto gap = gaps_.find(meter);
    for (const Cursor& cursor : stored.batch.cursors) {
        const auto [place, is_new] = seen_.try_emplace({meter, cursor.source});
        Seen& last = place->second;
        // The first one after an anchor, or after a compacted batch, continues one that was not
        // checked.
        const bool continues_unseen =
            (is_new && trusted_ > 0) || (gap != gaps_.end() && gap->second > last.batch);
        const bool follows = continues_unseen ? cursor.version > last.cursor.version
                                              : cursor.version == last.cursor.version + 1;
        if (!follows)
            findings_.add(FindingKind::cursor, stored.number,
                          fmt::format("the cursor of '{}' jumps from version {} to {}",
                                      cursor.source, last.cursor.version, cursor.version));
        last = {cursor, stored.number};
    }
}

void CursorAudit::visit_kept(std::uint64_t last_batch, const std::vector<KeptCursor>& cursors) {
    for (const KeptCursor& kept : cursors)
        seen_[{kept.meter, kept.cursor.source}] = {kept.cursor, last_batch};
}

void CursorAudit::compare(const std::vector<std::pair<std::string, Cursor>>& current) {
    std::map<Key, Seen> left = std::move(seen_);
    for (const auto& [meter, cursor] : current) {
        const auto found = left.find({meter, cursor.source});
        if (found == left.end() && (trusted_ > 0 || unknown_.contains(meter))) continue;
        if (found == left.end())
            findings_.add(FindingKind::cursor, 0,
                          fmt::format("the cursor of '{1}' of meter '{0}' is in no batch", meter,
                                      cursor.source));
        else if (found->second.cursor != cursor)
            findings_.add(
                FindingKind::cursor, 0,
                fmt::format("the cursor of '{}' of meter '{}' (version {}) differs from the one of "
                            "its last batch (version {})",
                            cursor.source, meter, cursor.version, found->second.cursor.version));
        if (found != left.end()) left.erase(found);
    }
    for (const auto& [key, cursor] : left)
        findings_.add(
            FindingKind::cursor, 0,
            fmt::format("the cursor of '{}' of meter '{}' is missing", key.second, key.first));
}

}  // namespace octroi
