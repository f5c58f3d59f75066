// SPDX-License-Identifier: GPL-3.0-or-later
// Store: commits a batch in one transaction.
#include <fmt/format.h>

#include <algorithm>
#include <span>
#include <string>
#include <tuple>

#include "ledger/rules.hpp"
#include "store/sqlite/anchors.hpp"
#include "store/sqlite/identities.hpp"
#include "store/sqlite/rows.hpp"
#include "store/sqlite/sqlite_ledger.hpp"

namespace octroi {
namespace {

using sqlite::Database;
using sqlite::Statement;

// The last link of the chain of a writer. None: sequence 0 and zero_hash().
Result<ChainPosition> head_of(const Database& db, const sqlite::OwnWriter& own) {
    ChainPosition head{.writer = own.writer()};
    TRY_ASSIGN(auto find, Statement::prepare(db,
                                             "SELECT sequence, hash FROM batch WHERE writer = ?1 "
                                             "ORDER BY sequence DESC LIMIT 1"));
    find.bind(1, own.number());
    TRY_ASSIGN(const bool found, find.step());
    if (!found) return head;
    head.sequence = find.figure(0);
    head.hash = find.text(1);
    if (head.hash.size() != hash_octets)
        return fail(ErrorCode::corrupt, fmt::format("ledger {}: the hash of batch {} of {} is "
                                                    "damaged; next: run `octroi audit`",
                                                    db.path(), head.sequence, head.writer.node));
    return head;
}

// The transfer_id behind those of all batches. The headers say it, because the transfers of
// compacted batches are gone, and their ids must not be used again. In a sound ledger no row is
// behind them; a damaged one takes batches too, and the audit finds the gap.
Result<std::int64_t> next_transfer(const Database& db) {
    TRY_ASSIGN(auto newest, Statement::prepare(db,
                                               "SELECT first_transfer, transfers FROM batch ORDER "
                                               "BY number DESC LIMIT 1"));
    TRY_ASSIGN(const bool found, newest.step());
    std::int64_t next = 1;
    if (found && (newest.number(0) < 1 || newest.number(1) < 0 ||
                  __builtin_add_overflow(newest.number(0), newest.number(1), &next)))
        return fail(ErrorCode::corrupt,
                    fmt::format("ledger {}: the newest batch does not say which "
                                "transfers it has; next: run `octroi audit`",
                                db.path()));
    TRY_ASSIGN(const std::int64_t last,
               db.number("SELECT coalesce(max(transfer_id), 0) FROM transfer"));
    return std::max(next, last < INT64_MAX ? last + 1 : last);
}

// Transfers that wait for the sums by day. Each question reads those that wait. More at once
// would cost less per transfer, but delay a commit longer.
constexpr std::int64_t day_sums_wait = 50'000;

// A batch that the ledger has, as far as its hash depends on the place.
struct StoredLink {
    ChainPosition position;
    std::string previous_hash;
};

Result<std::optional<StoredLink>> find_batch(const Database& db, const BatchId& id) {
    TRY_ASSIGN(auto find,
               Statement::prepare(db,
                                  "SELECT w.node, w.id, b.sequence, b.hash, b.previous_hash FROM "
                                  "batch b JOIN writer w ON w.writer_id = b.writer "
                                  "WHERE b.id = ?1"));
    const std::string octets = octets_of(id);
    find.bind_blob(1, octets);
    TRY_ASSIGN(const bool found, find.step());
    if (!found) return std::nullopt;
    return StoredLink{{sqlite::writer_from(find, 0), find.figure(2), find.text(3)}, find.text(4)};
}

// The ledger has a batch of this id. The hash tells whether the content is the same, without
// reading its rows: it is computed for the position of the stored batch.
Result<CommitOutcome> compare(const Batch& batch, const StoredLink& stored) {
    const ChainPosition& at = stored.position;
    if (stored.previous_hash.size() == hash_octets && !find_violation(batch) &&
        batch_hash(at.writer, at.sequence, stored.previous_hash, batch,
                   digests(canonical(batch))) == at.hash)
        return CommitOutcome::already_committed;
    return fail(ErrorCode::exists,
                fmt::format("batch {} of meter '{}' is in the ledger with other content (number "
                            "{} of {}); this is a bug; next: please report it",
                            to_string(batch.id), batch.meter.name, at.sequence, at.writer.node));
}

// The current cursor of a source: of the meter, or of a content source, of all meters.
struct CurrentVersion {
    std::string meter;
    std::uint64_t version = 0;  // 0: there is none
};

Result<CurrentVersion> find_current(Statement& find, const std::string& meter,
                                    const Cursor& cursor) {
    find.bind_text(1, meter);
    find.bind_text(2, cursor.source);
    find.bind(3, std::int64_t{is_content_source(cursor.source)});
    TRY_ASSIGN(const bool found, find.step());
    CurrentVersion current;
    if (found) current = {find.text(0), find.figure(1)};
    find.reset();
    return current;
}

Status check_cursor_version(const Batch& batch, const Cursor& cursor,
                            const CurrentVersion& in_ledger) {
    if (cursor.version == in_ledger.version + 1) return {};
    const std::string by = in_ledger.meter.empty() || in_ledger.meter == batch.meter.name
                               ? std::string("another process")
                               : fmt::format("meter '{}'", in_ledger.meter);
    return fail(
        ErrorCode::conflict,
        fmt::format("meter '{}' moves its cursor of '{}' to version {}, but the ledger has "
                    "version {}: {} reads the same source and has committed it, so nothing "
                    "is counted twice; next: stop one of the two",
                    batch.meter.name, cursor.source, cursor.version, in_ledger.version, by));
}

// Writes each cursor twice: as the current one, and as that of the batch. The audit compares both,
// and the hash of a batch covers its own.
Status move_cursors(const Database& db, const CanonicalBatch& batch, std::uint64_t number) {
    TRY_ASSIGN(auto find, Statement::prepare(db,
                                             "SELECT meter, version FROM cursor WHERE source = ?2 "
                                             "AND (?3 OR meter = ?1) ORDER BY version DESC LIMIT "
                                             "1"));
    TRY_ASSIGN(auto put, Statement::prepare(db,
                                            "INSERT OR REPLACE INTO cursor (meter, source, "
                                            "position, version, note) "
                                            "VALUES (?1, ?2, ?3, ?4, ?5)"));
    TRY_ASSIGN(auto keep, Statement::prepare(db,
                                             "INSERT INTO batch_cursor (batch, source, "
                                             "position, version, note) "
                                             "VALUES (?1, ?2, ?3, ?4, ?5)"));
    for (const Cursor* cursor : batch.cursors) {
        TRY_ASSIGN(const CurrentVersion current,
                   find_current(find, batch.batch->meter.name, *cursor));
        TRY(check_cursor_version(*batch.batch, *cursor, current));
        put.bind_text(1, batch.batch->meter.name);
        keep.bind(1, number);
        for (Statement* statement : {&put, &keep}) {
            statement->bind_text(2, cursor->source);
            statement->bind_blob(3, cursor->position);
            statement->bind(4, cursor->version);
            statement->bind_text(5, cursor->note);
            TRY(statement->run());
        }
    }
    return {};
}

Status insert_losses(const Database& db, const CanonicalBatch& batch, std::uint64_t batch_number) {
    TRY_ASSIGN(auto insert,
               Statement::prepare(db,
                                  "INSERT INTO loss (batch, number, source, reason, begin_at, "
                                  "end_at, packets, bytes_bound) "
                                  "VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8)"));
    std::uint64_t number = 0;
    for (const Loss* loss : batch.losses) {
        insert.bind(1, batch_number);
        insert.bind(2, number++);
        insert.bind_text(3, loss->source);
        insert.bind(4, static_cast<std::int64_t>(loss->reason));
        insert.bind(5, loss->interval.begin);
        insert.bind(6, loss->interval.end);
        insert.bind_optional(7, loss->packets);
        insert.bind_optional(8, loss->bytes_bound);
        TRY(insert.run());
    }
    return {};
}

struct NameNumbers {
    std::vector<std::int64_t> parties;
    std::vector<std::int64_t> services;
};

Result<NameNumbers> number_names(sqlite::Interner& names, const CanonicalBatch& batch) {
    NameNumbers numbers;
    TRY_ASSIGN(numbers.parties, names.parties(batch.parties));
    for (const std::string* service : batch.services) {
        TRY_ASSIGN(const std::int64_t number, names.service(*service));
        numbers.services.push_back(number);
    }
    return numbers;
}

// Rows of one INSERT. Running a statement costs more than inserting a row, so one row for each run
// would more than double the time.
constexpr std::size_t rows_at_once = 64;
constexpr int transfer_columns = 8;

// A statement that inserts `rows` transfers.
Result<Statement> prepare_transfers(const Database& db, std::size_t rows) {
    std::string sql =
        "INSERT INTO transfer (transfer_id, bucket, from_party, to_party, service, bytes, packets, "
        "flows) VALUES (?,?,?,?,?,?,?,?)";
    for (std::size_t i = 1; i < rows; ++i) sql += ",(?,?,?,?,?,?,?,?)";
    return Statement::prepare(db, sql);
}

void bind_transfer(Statement& insert, int at, std::int64_t id, const Transfer& t,
                   const NameNumbers& names) {
    insert.bind(at + 1, id);
    insert.bind(at + 2, sqlite::bucket_number(t.bucket));
    insert.bind(at + 3, names.parties[t.from]);
    insert.bind(at + 4, names.parties[t.to]);
    insert.bind(at + 5, names.services[t.service]);
    insert.bind(at + 6, t.volume.bytes.value());
    insert.bind(at + 7, t.volume.packets.value());
    insert.bind(at + 8, t.volume.flows.value());
}

Status insert_transfers(const Database& db, const CanonicalBatch& batch, const NameNumbers& names,
                        std::int64_t first) {
    std::span<const Transfer> left = batch.transfers;
    // As many rows as possible in large statements, the rest one by one.
    for (const std::size_t rows : {rows_at_once, std::size_t{1}}) {
        if (left.size() < rows) continue;
        TRY_ASSIGN(auto insert, prepare_transfers(db, rows));
        for (; left.size() >= rows; left = left.subspan(rows)) {
            int at = 0;
            for (const Transfer& t : left.first(rows)) {
                bind_transfer(insert, at, first++, t, names);
                at += transfer_columns;
            }
            TRY(insert.run());
        }
    }
    return {};
}

Status insert_sampled(const Database& db, const CanonicalBatch& batch, std::int64_t first) {
    if (batch.sampled.empty()) return {};
    TRY_ASSIGN(auto insert,
               Statement::prepare(db,
                                  "INSERT INTO sampled (transfer, bytes, packets, bytes_variance, "
                                  "packets_variance) VALUES (?1, ?2, ?3, ?4, ?5)"));
    for (const SampledVolume& row : batch.sampled) {
        insert.bind(1, first + row.transfer);
        insert.bind(2, row.bytes.value());
        insert.bind(3, row.packets.value());
        insert.bind(4, row.bytes_variance);
        insert.bind(5, row.packets_variance);
        TRY(insert.run());
    }
    return {};
}

struct BatchRow {
    std::uint64_t number = 0;
    std::int64_t writer = 0;
    ChainPosition previous;
    std::int64_t meter = 0;
    std::int64_t class_version = 0;
    std::int64_t first_transfer = 0;
};

constexpr const char* insert_batch_sql =
    "INSERT INTO batch (number, writer, sequence, id, kind, reason, corrected_begin, "
    "corrected_end, meter, booked_at, class_version, directory_version, observed_bytes, "
    "observed_packets, observed_flows, last_traffic, first_transfer, first_bucket, last_bucket, "
    "transfers, transfers_digest, sampled, sampled_digest, cursors, cursors_digest, losses, "
    "losses_digest, "
    "translations, translations_digest, previous_hash, hash) VALUES "
    "(?,?,?,?,?,?,?,?,?,?,?,?,?,?,?,?,?,?,?,?,?,?,?,?,?,?,?,?,?,?,?)";

Status insert_batch(const Database& db, const CanonicalBatch& canonical, const BatchDigests& lists,
                    const BatchRow& row) {
    const Batch& batch = *canonical.batch;
    const std::uint64_t sequence = row.previous.sequence + 1;
    const std::string hash =
        batch_hash(row.previous.writer, sequence, row.previous.hash, batch, lists);
    const std::string id = octets_of(batch.id);
    TRY_ASSIGN(auto insert, Statement::prepare(db, insert_batch_sql));
    int at = 0;
    insert.bind(++at, row.number);
    insert.bind(++at, row.writer);
    insert.bind(++at, sequence);
    insert.bind_blob(++at, id);
    insert.bind(++at, static_cast<std::int64_t>(batch.kind()));
    insert.bind_text(++at, batch.correction ? batch.correction->reason : std::string_view());
    insert.bind(++at, batch.correction ? batch.correction->corrected.begin : UtcTime{});
    insert.bind(++at, batch.correction ? batch.correction->corrected.end : UtcTime{});
    insert.bind(++at, row.meter);
    insert.bind(++at, batch.booked_at);
    insert.bind(++at, row.class_version);
    insert.bind(++at, batch.directory_version);
    insert.bind(++at, batch.observed.bytes.value());
    insert.bind(++at, batch.observed.packets.value());
    insert.bind(++at, batch.observed.flows.value());
    ++at;
    if (batch.last_traffic) insert.bind(at, *batch.last_traffic);
    insert.bind(++at, row.first_transfer);
    at += 2;
    if (!canonical.transfers.empty()) {
        insert.bind(at - 1, sqlite::bucket_number(canonical.transfers.front().bucket));
        insert.bind(at, sqlite::bucket_number(canonical.transfers.back().bucket));
    }
    // The digest of the identities stands in a table of its own.
    constexpr auto identities = static_cast<std::size_t>(BatchList::identities);
    for (const ListDigest& list : std::span(lists).first<identities>()) {
        insert.bind(++at, list.rows);
        insert.bind_blob(++at, list.digest);
    }
    insert.bind_blob(++at, row.previous.hash);
    insert.bind_blob(++at, hash);
    return insert.run();
}

}  // namespace

Status SqliteLedger::insert(const CanonicalBatch& batch) {
    BatchRow row;
    TRY(own_.claim(db_));
    row.writer = own_.number();
    TRY_ASSIGN(row.previous, head_of(db_, own_));
    TRY_ASSIGN(const std::int64_t newest, db_.number("SELECT coalesce(max(number), 0) FROM batch"));
    row.number = static_cast<std::uint64_t>(newest) + 1;
    // First, because a conflict then ends the transaction before the long part.
    TRY(move_cursors(db_, batch, row.number));
    TRY_ASSIGN(row.meter, names_.meter(batch.batch->meter));
    TRY_ASSIGN(row.class_version, names_.class_version(batch.batch->class_version));
    TRY_ASSIGN(row.first_transfer, next_transfer(db_));
    TRY_ASSIGN(const NameNumbers numbers, number_names(names_, batch));
    TRY(insert_transfers(db_, batch, numbers, row.first_transfer));
    TRY(insert_sampled(db_, batch, row.first_transfer));
    TRY(insert_losses(db_, batch, row.number));
    TRY(sqlite::insert_translations(db_, batch, row.number));
    const BatchDigests lists = digests(batch);
    TRY(sqlite::insert_identities(db_, batch, lists, row.number));
    return insert_batch(db_, batch, lists, row);
}

// The id is looked up within the write transaction, so no other process can commit the same batch
// between the look-up and the insert.
Result<CommitOutcome> SqliteLedger::try_commit(const Batch& batch) {
    TRY_ASSIGN(auto transaction, sqlite::Transaction::begin(db_, sqlite::Transaction::Kind::write));
    TRY(place_.check(db_));
    TRY_ASSIGN(const std::optional<StoredLink> stored, find_batch(db_, batch.id));
    if (stored) return compare(batch, *stored);
    TRY(check_batch(batch));
    TRY(sqlite::anchor_day(db_, batch.booked_at));
    TRY(insert(canonical(batch)));
    TRY(transaction.commit());
    // Within the commit it may have been removed, too.
    TRY(place_.check(db_));
    return CommitOutcome::committed;
}

Result<CommitOutcome> SqliteLedger::commit(const Batch& batch) {
    auto outcome = try_commit(batch);
    if (outcome) {
        own_.keep();
        // The batch is in the ledger, whatever happens here. Sums by day only make questions
        // faster, and the next commit tries again, also if another process is writing now.
        static_cast<void>(days_.add_pending(day_sums_wait));
    } else {
        // The transaction was rolled back, and with it the names that got numbers in it.
        names_.clear_cache();
        own_.release_new();
    }
    return outcome;
}

Result<std::string> SqliteLedger::ledger_id() {
    TRY_ASSIGN(auto find, Statement::prepare(db_, "SELECT id FROM identity"));
    TRY_ASSIGN(const bool found, find.step());
    if (!found || find.octets(0).size() != sizeof(BatchId::octets))
        return fail(ErrorCode::corrupt,
                    fmt::format("ledger {}: it has no id; next: run `octroi audit`", db_.path()));
    return to_hex(find.octets(0));
}

Result<std::vector<Store::MeterCursor>> SqliteLedger::cursors(std::string_view source_prefix) {
    // Sorted by octets, all texts with the prefix are contiguous and begin at or after the prefix.
    TRY_ASSIGN(auto find, Statement::prepare(db_,
                                             "SELECT meter, source, position, version, note "
                                             "FROM cursor WHERE source >= ?1 ORDER BY source"));
    find.bind_text(1, source_prefix);
    std::vector<MeterCursor> found;
    while (true) {
        TRY_ASSIGN(const bool row, find.step());
        if (!row || !find.octets(1).starts_with(source_prefix)) break;
        found.push_back({find.text(0), sqlite::cursor_from(find, 1)});
    }
    std::sort(found.begin(), found.end(), [](const MeterCursor& a, const MeterCursor& b) {
        return std::tie(a.meter, a.cursor.source) < std::tie(b.meter, b.cursor.source);
    });
    return found;
}

}  // namespace octroi
