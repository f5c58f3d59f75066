// SPDX-License-Identifier: GPL-3.0-or-later
#include "store/sqlite/anchors.hpp"

#include <fmt/format.h>

#include <algorithm>

#include "store/sqlite/rows.hpp"
#include "store/sqlite/sqlite_ledger.hpp"

namespace octroi {
namespace sqlite {
namespace {

// The heads of all chains but that of the anchors: chain, writer_id (0: not a writer), node, id,
// sequence, hash.
constexpr const char* heads_sql =
    "SELECT 1, w.writer_id, w.node, w.id, b.sequence, b.hash FROM writer w JOIN batch b ON "
    "b.writer "
    "= w.writer_id AND b.sequence = (SELECT max(sequence) FROM batch WHERE writer = w.writer_id) "
    "UNION ALL SELECT 2, 0, '', x'', version, hash FROM directory_change WHERE version = (SELECT "
    "max(version) FROM directory_change) "
    "UNION ALL SELECT 3, 0, '', x'', number, hash FROM class_use WHERE number = (SELECT "
    "max(number) FROM class_use) "
    "UNION ALL SELECT 5, 0, '', x'', number, hash FROM compaction WHERE number = (SELECT "
    "max(number) FROM compaction)";

// A head with the row number of its writer; 0: not a writer.
struct HeadRow {
    ChainHead head;
    std::int64_t writer = 0;

    auto operator<=>(const HeadRow&) const = default;
};

// From the columns of heads_sql.
HeadRow head_from(const Statement& row) {
    HeadRow found{.head = {.chain = enum_from<ChainKind>(row, 0),
                           .writer = writer_from(row, 2),
                           .sequence = row.figure(4),
                           .hash = row.text(5)},
                  .writer = row.number(1)};
    return found;
}

Result<std::vector<HeadRow>> read_heads(const Database& db) {
    TRY_ASSIGN(auto find, Statement::prepare(db, heads_sql));
    std::vector<HeadRow> heads;
    while (true) {
        TRY_ASSIGN(const bool row, find.step());
        if (!row) break;
        heads.push_back(head_from(find));
    }
    std::sort(heads.begin(), heads.end());
    return heads;
}

struct LastAnchor {
    std::uint64_t number = 0;  // 0: none
    UtcTime at;
    std::string hash = zero_hash();
};

Result<LastAnchor> last_anchor(const Database& db) {
    TRY_ASSIGN(auto find, Statement::prepare(db,
                                             "SELECT anchor_id, at, hash FROM anchor ORDER BY "
                                             "anchor_id DESC LIMIT 1"));
    TRY_ASSIGN(const bool found, find.step());
    if (!found) return LastAnchor{};
    return LastAnchor{find.figure(0), find.time(1), find.text(2)};
}

// Whether the anchor holds exactly these heads.
Result<bool> has_heads(const Database& db, std::uint64_t anchor,
                       const std::vector<HeadRow>& heads) {
    TRY_ASSIGN(auto find, Statement::prepare(db,
                                             "SELECT sequence, hash FROM anchor_head WHERE anchor "
                                             "= ?1 AND chain = ?2 AND writer = ?3"));
    for (const HeadRow& row : heads) {
        find.bind(1, anchor);
        find.bind(2, static_cast<std::int64_t>(row.head.chain));
        find.bind(3, row.writer);
        TRY_ASSIGN(const bool found, find.step());
        const bool same =
            found && find.figure(0) == row.head.sequence && find.octets(1) == row.head.hash;
        find.reset();
        if (!same) return false;
    }
    return true;
}

Status insert_heads(const Database& db, std::uint64_t anchor, const std::vector<HeadRow>& heads) {
    TRY_ASSIGN(auto insert, Statement::prepare(db,
                                               "INSERT INTO anchor_head (anchor, chain, writer, "
                                               "sequence, hash) VALUES (?1, ?2, ?3, ?4, ?5)"));
    for (const HeadRow& row : heads) {
        insert.bind(1, anchor);
        insert.bind(2, static_cast<std::int64_t>(row.head.chain));
        insert.bind(3, row.writer);
        insert.bind(4, row.head.sequence);
        insert.bind_blob(5, row.head.hash);
        TRY(insert.run());
    }
    return {};
}

Status insert_row(const Database& db, const Anchor& anchor, std::string_view previous) {
    const std::string hash = anchor_hash(previous, anchor);
    TRY_ASSIGN(auto insert, Statement::prepare(db,
                                               "INSERT INTO anchor (anchor_id, at, reason, "
                                               "previous_hash, hash) VALUES (?1, ?2, ?3, ?4, ?5)"));
    insert.bind(1, anchor.number);
    insert.bind(2, anchor.at);
    insert.bind(3, static_cast<std::int64_t>(anchor.reason));
    insert.bind_blob(4, previous);
    insert.bind_blob(5, hash);
    return insert.run();
}

// The column of hashes of a chain.
const char* link_sql(ChainKind chain) {
    switch (chain) {
        case ChainKind::writer:
            return "SELECT b.hash FROM writer w JOIN batch b ON b.writer = w.writer_id WHERE "
                   "b.sequence = ?1 AND w.node = ?2 AND w.id = ?3";
        case ChainKind::directory:
            return "SELECT hash FROM directory_change WHERE version = ?1";
        case ChainKind::classes:
            return "SELECT hash FROM class_use WHERE number = ?1";
        case ChainKind::anchors:
            return "SELECT hash FROM anchor WHERE anchor_id = ?1";
        case ChainKind::compactions:
            return "SELECT hash FROM compaction WHERE number = ?1";
    }
    return nullptr;
}

}  // namespace

Status anchor_day(const Database& db, UtcTime booked_at) {
    TRY_ASSIGN(const LastAnchor last, last_anchor(db));
    UtcTime since = last.at;
    if (last.number == 0) {
        TRY_ASSIGN(auto first,
                   Statement::prepare(db, "SELECT booked_at FROM batch ORDER BY number LIMIT 1"));
        TRY_ASSIGN(const bool found, first.step());
        if (!found) return {};
        since = first.time(0);
    }
    if (!needs_daily_anchor(since, booked_at)) return {};
    TRY_ASSIGN([[maybe_unused]] const bool made, insert_anchor(db, AnchorReason::daily, booked_at));
    return {};
}

Result<bool> insert_anchor(const Database& db, AnchorReason reason, UtcTime at) {
    TRY_ASSIGN(const LastAnchor last, last_anchor(db));
    TRY_ASSIGN(const std::vector<HeadRow> heads, read_heads(db));
    TRY_ASSIGN(const bool same, has_heads(db, last.number, heads));
    if (same) return false;
    if (last.hash.size() != hash_octets)
        return fail(ErrorCode::corrupt,
                    fmt::format("ledger {}: the hash of anchor {} is damaged; next: run `octroi "
                                "audit`",
                                db.path(), last.number));
    Anchor anchor{.number = last.number + 1, .at = at, .reason = reason, .heads = {}};
    for (const HeadRow& row : heads) anchor.heads.push_back(row.head);
    TRY(insert_row(db, anchor, last.hash));
    TRY(insert_heads(db, anchor.number, heads));
    return true;
}

}  // namespace sqlite

Result<bool> SqliteLedger::anchor(AnchorReason reason, UtcTime now) {
    TRY_ASSIGN(auto transaction, sqlite::Transaction::begin(db_, sqlite::Transaction::Kind::write));
    TRY_ASSIGN(const bool made, sqlite::insert_anchor(db_, reason, now));
    TRY(transaction.commit());
    return made;
}

Result<std::vector<ChainHead>> SqliteLedger::heads() {
    TRY_ASSIGN(auto transaction, sqlite::Transaction::begin(db_, sqlite::Transaction::Kind::read));
    std::vector<ChainHead> heads;
    TRY_ASSIGN(auto rows, sqlite::read_heads(db_));
    for (sqlite::HeadRow& row : rows) heads.push_back(std::move(row.head));
    TRY_ASSIGN(auto last, sqlite::last_anchor(db_));
    if (last.number > 0)
        heads.push_back({ChainKind::anchors, {}, last.number, std::move(last.hash)});
    return heads;
}

Result<std::optional<std::string>> SqliteLedger::link_hash(const ChainHead& link) {
    const char* sql = sqlite::link_sql(link.chain);
    if (sql == nullptr) return std::nullopt;
    TRY_ASSIGN(auto find, sqlite::Statement::prepare(db_, sql));
    const std::string id = octets_of(link.writer.id);
    find.bind(1, link.sequence);
    if (link.chain == ChainKind::writer) {
        find.bind_text(2, link.writer.node);
        find.bind_blob(3, id);
    }
    TRY_ASSIGN(const bool found, find.step());
    if (!found) return std::nullopt;
    return find.text(0);
}

Status SqliteLedger::each_anchor(const AnchorVisitor& visit) {
    TRY_ASSIGN(auto transaction, sqlite::Transaction::begin(db_, sqlite::Transaction::Kind::read));
    TRY_ASSIGN(auto anchors, sqlite::Statement::prepare(db_,
                                                        "SELECT anchor_id, at, reason, "
                                                        "previous_hash, hash FROM anchor ORDER BY "
                                                        "anchor_id"));
    TRY_ASSIGN(auto heads, sqlite::Statement::prepare(
                               db_,
                               "SELECT h.chain, h.writer, w.node, w.id, h.sequence, h.hash "
                               "FROM anchor_head h LEFT JOIN writer w ON w.writer_id = "
                               "h.writer WHERE h.anchor = ?1"));
    while (true) {
        TRY_ASSIGN(const bool row, anchors.step());
        if (!row) return {};
        StoredAnchor stored{.anchor = {.number = anchors.figure(0),
                                       .at = anchors.time(1),
                                       .reason = sqlite::enum_from<AnchorReason>(anchors, 2),
                                       .heads = {}},
                            .previous_hash = anchors.text(3),
                            .hash = anchors.text(4),
                            .damage = {}};
        heads.bind(1, stored.anchor.number);
        while (true) {
            TRY_ASSIGN(const bool more, heads.step());
            if (!more) break;
            sqlite::HeadRow head = sqlite::head_from(heads);
            const bool is_writer = head.head.chain == ChainKind::writer;
            if (is_writer ? heads.is_null(2) : head.writer != 0)
                stored.damage = "a head has no writer, or one too many";
            stored.anchor.heads.push_back(std::move(head.head));
        }
        std::ranges::sort(stored.anchor.heads);
        TRY(visit(stored));
    }
}

}  // namespace octroi
