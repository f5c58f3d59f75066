// SPDX-License-Identifier: GPL-3.0-or-later
#include "ledger/audit_cursors.hpp"

#include <fmt/format.h>

namespace octroi {

void CursorAudit::visit(const StoredBatch& stored, bool is_recorded) {
    const std::string& meter = stored.batch.meter.name;
    if (stored.compacted) {
        if (stored.digests[static_cast<std::size_t>(BatchList::cursors)].rows == 0) return;
        gaps_[meter] = stored.number;
        if (!is_recorded) unknown_[meter] = stored.number;
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

bool CursorAudit::is_known(const std::string& meter, const Cursor& current,
                           const Seen* last) const {
    const auto unknown = unknown_.find(meter);
    if (last == nullptr) return trusted_ == 0 && unknown == unknown_.end();
    return unknown == unknown_.end() || unknown->second < last->batch ||
           current.version <= last->cursor.version;
}

void CursorAudit::compare(const std::string& meter, const Cursor& current, const Seen* last) {
    if (last == nullptr)
        findings_.add(FindingKind::cursor, 0,
                      fmt::format("the cursor of '{1}' of meter '{0}' is in no batch", meter,
                                  current.source));
    else if (last->cursor != current)
        findings_.add(
            FindingKind::cursor, 0,
            fmt::format("the cursor of '{}' of meter '{}' (version {}) differs from the one of its "
                        "last batch (version {})",
                        current.source, meter, current.version, last->cursor.version));
}

void CursorAudit::compare(const std::vector<std::pair<std::string, Cursor>>& current) {
    std::map<Key, Seen> left = std::move(seen_);
    for (const auto& [meter, cursor] : current) {
        const auto found = left.find({meter, cursor.source});
        const Seen* last = found == left.end() ? nullptr : &found->second;
        if (is_known(meter, cursor, last)) compare(meter, cursor, last);
        if (found != left.end()) left.erase(found);
    }
    for (const auto& [key, cursor] : left)
        findings_.add(
            FindingKind::cursor, 0,
            fmt::format("the cursor of '{}' of meter '{}' is missing", key.second, key.first));
}

}  // namespace octroi
