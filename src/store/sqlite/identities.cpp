// SPDX-License-Identifier: GPL-3.0-or-later
#include "store/sqlite/identities.hpp"

#include <fmt/format.h>

#include "store/sqlite/batch_names.hpp"
#include "store/sqlite/rows.hpp"
#include "store/sqlite/schema.hpp"
#include "store/sqlite/sqlite_ledger.hpp"

namespace octroi {
namespace sqlite {
namespace {

constexpr std::size_t identities_place = static_cast<std::size_t>(BatchList::identities);

// From the columns at, held_kind, held, holder_kind, holder, until_at.
IdentityEvent identity_event_from(const Statement& row, int column) {
    IdentityEvent event;
    event.at = row.time(column);
    event.held = {enum_from<IdentityKind>(row, column + 1), row.text(column + 2)};
    event.holder = {enum_from<IdentityKind>(row, column + 3), row.text(column + 4)};
    event.until = row.time(column + 5);
    return event;
}

Status insert_events(const Database& db, const CanonicalBatch& batch, std::uint64_t number) {
    if (batch.identities.empty()) return {};
    TRY_ASSIGN(const std::int64_t newest,
               db.number("SELECT coalesce(max(number), 0) FROM identity_event"));
    TRY_ASSIGN(auto insert,
               Statement::prepare(db,
                                  "INSERT INTO identity_event (number, batch, at, held_kind, held, "
                                  "holder_kind, holder, until_at) VALUES (?1, ?2, ?3, ?4, ?5, ?6, "
                                  "?7, ?8)"));
    std::int64_t event_number = newest;
    for (const IdentityEvent& event : batch.identities) {
        insert.bind(1, ++event_number);
        insert.bind(2, number);
        insert.bind(3, event.at);
        insert.bind(4, static_cast<std::int64_t>(event.held.kind));
        insert.bind_text(5, event.held.value);
        insert.bind(6, static_cast<std::int64_t>(event.holder.kind));
        insert.bind_text(7, event.holder.value);
        insert.bind(8, event.until);
        TRY(insert.run());
    }
    return {};
}

}  // namespace

Result<bool> has_identity_tables(const Database& db) {
    TRY_ASSIGN(const std::int64_t tables,
               db.number("SELECT count(*) FROM sqlite_schema WHERE type = 'table' AND name IN "
                         "('identity_event', 'batch_identities', 'identity_progress')"));
    return tables == 3;
}

Status insert_identities(const Database& db, const CanonicalBatch& batch,
                         const BatchDigests& digests, std::uint64_t number) {
    if (!has_identity_part(*batch.batch)) return {};
    TRY(insert_events(db, batch, number));
    const ListDigest& list = digests[identities_place];
    TRY_ASSIGN(auto insert, Statement::prepare(db,
                                               "INSERT INTO batch_identities (batch, known, "
                                               "events, events_digest) VALUES (?1, ?2, ?3, ?4)"));
    insert.bind(1, number);
    insert.bind(2, batch.batch->identities_known);
    insert.bind(3, list.rows);
    insert.bind_blob(4, list.digest);
    return insert.run();
}

const ListDigest& no_identities() {
    static const ListDigest none = [] {
        const Batch empty;
        return digests(canonical(empty))[identities_place];
    }();
    return none;
}

Result<IdentityReader> IdentityReader::make(const Database& db) {
    IdentityReader reader;
    TRY_ASSIGN(reader.exists_, has_identity_tables(db));
    if (!reader.exists_) return reader;
    TRY_ASSIGN(
        reader.header_,
        Statement::prepare(
            db, "SELECT known, events, events_digest FROM batch_identities WHERE batch = ?1"));
    // The order of the list in the batch.
    TRY_ASSIGN(reader.events_,
               Statement::prepare(db,
                                  "SELECT at, held_kind, held, holder_kind, holder, "
                                  "until_at FROM identity_event WHERE batch = ?1 "
                                  "ORDER BY number"));
    return reader;
}

Status IdentityReader::read(StoredBatch& stored) {
    ListDigest& list = stored.digests[identities_place];
    list = no_identities();
    if (!exists_) return {};
    header_.bind(1, stored.number);
    TRY_ASSIGN(const bool found, header_.step());
    if (found) {
        stored.batch.identities_known = header_.figure(0);
        list = {header_.figure(1), header_.text(2)};
    }
    header_.reset();
    events_.bind(1, stored.number);
    while (true) {
        TRY_ASSIGN(const bool row, events_.step());
        if (!row) return {};
        stored.batch.identities.push_back(identity_event_from(events_, 0));
    }
}

Result<KnownIdentities> KnownIdentities::make(const Database& db) {
    KnownIdentities known;
    TRY_ASSIGN(known.exists_, has_identity_tables(db));
    if (!known.exists_) return known;
    TRY_ASSIGN(known.find_,
               Statement::prepare(db, "SELECT known FROM batch_identities WHERE batch = ?1"));
    return known;
}

Result<std::int64_t> KnownIdentities::of(std::int64_t batch) {
    if (!exists_) return 0;
    find_.bind(1, batch);
    TRY_ASSIGN(const bool found, find_.step());
    const std::int64_t known = found ? find_.number(0) : 0;
    find_.reset();
    return known;
}

}  // namespace sqlite

using sqlite::Statement;

Result<std::uint64_t> SqliteLedger::newest_identity() {
    TRY_ASSIGN(const bool exists, sqlite::has_identity_tables(db_));
    if (!exists) return 0;
    TRY_ASSIGN(const std::int64_t newest,
               db_.number("SELECT coalesce(max(number), 0) FROM identity_event"));
    return static_cast<std::uint64_t>(newest);
}

Status SqliteLedger::each_identity(const IdentityQuestion& question, const IdentityVisitor& visit) {
    TRY_ASSIGN(const bool exists, sqlite::has_identity_tables(db_));
    if (!exists) return {};
    // Of an event before `since` that another one of its source has ended, nothing is left. One
    // with the same time may be given as well.
    std::string sql =
        "SELECT e.number, e.at, e.held_kind, e.held, e.holder_kind, e.holder, e.until_at, m.name, "
        "b.booked_at FROM identity_event e LEFT JOIN batch b ON b.number = e.batch LEFT JOIN meter "
        "m ON m.meter_id = b.meter WHERE e.number > ?1 AND e.number <= ?2 AND (e.at >= ?3 OR "
        "(e.until_at > ?3 AND NOT EXISTS (SELECT 1 FROM identity_event n JOIN batch nb ON "
        "nb.number "
        "= n.batch WHERE n.held_kind = e.held_kind AND n.held = e.held AND n.at > e.at AND n.at <= "
        "?3 AND nb.meter = b.meter)))";
    if (question.held) sql += " AND e.held_kind = ?4 AND e.held = ?5";
    sql += " ORDER BY e.number";
    TRY_ASSIGN(auto find, Statement::prepare(db_, sql));
    find.bind(1, question.after);
    find.bind(2, std::min<std::uint64_t>(question.until, INT64_MAX));
    find.bind(3, question.since);
    if (question.held) {
        find.bind(4, static_cast<std::int64_t>(question.held->kind));
        find.bind_text(5, question.held->value);
    }
    while (true) {
        TRY_ASSIGN(const bool row, find.step());
        if (!row) return {};
        if (find.is_null(7))
            return fail(ErrorCode::corrupt,
                        fmt::format("ledger {}: identity event {} belongs to no batch; next: run "
                                    "`octroi audit`",
                                    db_.path(), find.number(0)));
        TRY(visit({.number = find.figure(0),
                   .event = sqlite::identity_event_from(find, 1),
                   .source = find.text(7),
                   .booked_at = find.time(8)}));
    }
}

Result<IdentityProgress> SqliteLedger::identity_progress() {
    TRY_ASSIGN(const bool exists, sqlite::has_identity_tables(db_));
    if (!exists) return IdentityProgress{};
    TRY_ASSIGN(auto find, Statement::prepare(db_, "SELECT events, batches FROM identity_progress"));
    TRY_ASSIGN(const bool found, find.step());
    if (!found) return IdentityProgress{};
    return IdentityProgress{.events = find.figure(0), .batches = find.figure(1)};
}

Status SqliteLedger::put_identity_progress(const IdentityProgress& progress) {
    TRY_ASSIGN(auto transaction, sqlite::Transaction::begin(db_, sqlite::Transaction::Kind::write));
    TRY_ASSIGN(auto put, Statement::prepare(db_,
                                            "INSERT OR REPLACE INTO identity_progress (id, events, "
                                            "batches) VALUES (1, ?1, ?2)"));
    put.bind(1, progress.events);
    put.bind(2, progress.batches);
    TRY(put.run());
    return transaction.commit();
}

Result<bool> SqliteLedger::has_traffic_without(std::uint64_t event, const Interval& buckets,
                                               std::uint64_t until) {
    TRY_ASSIGN(const bool exists, sqlite::has_identity_tables(db_));
    if (!exists || buckets.begin >= buckets.end) return false;
    TRY_ASSIGN(auto find,
               Statement::prepare(
                   db_,
                   "SELECT EXISTS (SELECT 1 FROM batch b LEFT JOIN batch_identities i ON i.batch = "
                   "b.number WHERE b.last_bucket >= ?1 AND b.first_bucket < ?2 AND b.kind = 1 AND "
                   "b.number <= ?3 AND coalesce(i.known, 0) < ?4)"));
    find.bind(1, sqlite::bucket_number(buckets.begin));
    find.bind(2, sqlite::bucket_number(buckets.end));
    find.bind(3, until);
    find.bind(4, event);
    TRY_ASSIGN(const bool found, find.step());
    return found && find.number(0) != 0;
}

Status SqliteLedger::each_batch_without(std::uint64_t event, std::uint64_t after,
                                        std::uint64_t until, const KnowledgeVisitor& visit) {
    TRY_ASSIGN(const bool exists, sqlite::has_identity_tables(db_));
    if (!exists) return {};
    TRY_ASSIGN(auto find,
               Statement::prepare(
                   db_,
                   "SELECT b.number, b.first_bucket, b.last_bucket, coalesce(i.known, 0) FROM "
                   "batch b LEFT JOIN batch_identities i ON i.batch = b.number WHERE b.number > ?1 "
                   "AND b.number <= ?2 AND b.kind = 1 AND b.first_bucket IS NOT NULL AND "
                   "coalesce(i.known, 0) < ?3 ORDER BY b.number"));
    find.bind(1, after);
    find.bind(2, until);
    find.bind(3, event);
    while (true) {
        TRY_ASSIGN(const bool row, find.step());
        if (!row) return {};
        const UtcTime last = sqlite::bucket_time(find.number(2));
        TRY(visit({.batch = find.figure(0),
                   .buckets = {sqlite::bucket_time(find.number(1)), last + bucket_length},
                   .identities_known = find.figure(3)}));
    }
}

}  // namespace octroi
