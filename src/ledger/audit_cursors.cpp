// SPDX-License-Identifier: GPL-3.0-or-later
#include "ledger/audit_cursors.hpp"

#include <fmt/format.h>

#include <algorithm>

namespace octroi {

void CursorAudit::visit(const StoredBatch& stored, bool is_recorded) {
    const std::string& meter = stored.batch.meter.name;
    if (stored.compacted) {
        if (stored.digests[static_cast<std::size_t>(BatchList::cursors)].rows == 0) return;
        gaps_[meter] = last_gap_ = stored.number;
        if (!is_recorded) unknown_[meter] = stored.number;
        return;
    }
    const auto gap = gaps_.find(meter);
    for (const Cursor& cursor : stored.batch.cursors) {
        Seen& last = seen_[{meter, cursor.source}];
        const bool is_content = is_content_source(cursor.source);
        Version& version = is_content ? content_[cursor.source] : last.version;
        const std::uint64_t gap_batch =
            is_content ? last_gap_ : (gap == gaps_.end() ? 0 : gap->second);
        // The first one after an anchor, or after a compacted batch, continues one that was not
        // checked.
        const bool continues_unseen =
            (version.batch == 0 && trusted_ > 0) || gap_batch > version.batch;
        const bool follows = continues_unseen ? cursor.version > version.number
                                              : cursor.version == version.number + 1;
        if (!follows)
            findings_.add(FindingKind::cursor, stored.number,
                          fmt::format("the cursor of '{}' jumps from version {} to {}",
                                      cursor.source, version.number, cursor.version));
        version = {cursor.version, stored.number};
        last.cursor = cursor;
        last.batch = stored.number;
    }
}

void CursorAudit::visit_kept(std::uint64_t last_batch, const std::vector<KeptCursor>& cursors) {
    for (const KeptCursor& kept : cursors) {
        const Version version{kept.cursor.version, last_batch};
        seen_[{kept.meter, kept.cursor.source}] = {kept.cursor, last_batch, version};
        if (!is_content_source(kept.cursor.source)) continue;
        Version& newest = content_[kept.cursor.source];
        newest = {std::max(newest.number, version.number), last_batch};
    }
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
