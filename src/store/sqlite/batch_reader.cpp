// SPDX-License-Identifier: GPL-3.0-or-later
#include "store/sqlite/batch_reader.hpp"

#include <fmt/format.h>

#include <algorithm>

#include "store/sqlite/batch_order.hpp"
#include "store/sqlite/rows.hpp"

namespace octroi::sqlite {
namespace {

// A damaged header can say any number of transfers.
constexpr std::int64_t read_max = 1 << 20;

// Lists with their digests in the row of the batch: all but the identities.
constexpr std::size_t lists_of_row = batch_lists - 1;
static_assert(static_cast<std::size_t>(BatchList::identities) == lists_of_row);

// The first transfer_id after the run. Without an upper bound as a plain number, SQLite would
// read on to the end of the table, for every batch.
std::int64_t run_end(std::int64_t first, std::int64_t count) {
    std::int64_t end = 0;
    return __builtin_add_overflow(first, count, &end) ? INT64_MAX : end;
}

// The end of the rows that are read. Rows of the next batch are not: a header that was changed
// could otherwise make one batch of all the rest of the table.
std::int64_t rows_end(const Statement& header) {
    const std::int64_t end = run_end(header.number(19), header.number(20));
    return header.is_null(34) ? end : std::min(end, header.number(34));
}

void read_header(const Statement& row, StoredBatch& stored) {
    Batch& batch = stored.batch;
    const std::string_view id = row.octets(4);
    if (id.size() == batch.id.octets.size())
        std::copy(id.begin(), id.end(), batch.id.octets.begin());
    else
        add_damage(stored.damage, "the id does not have 16 octets");
    const auto kind = enum_from<BatchKind>(row, 5);
    if (kind != BatchKind::observation && kind != BatchKind::correction)
        add_damage(stored.damage, "the kind of the batch is unknown");
    if (kind == BatchKind::correction)
        batch.correction.emplace(
            Correction{.reason = row.text(6), .corrected = {row.time(7), row.time(8)}});
    else if (!row.octets(6).empty() || row.number(7) != 0 || row.number(8) != 0)
        add_damage(stored.damage, "an observation has the reason of a correction");
    if (row.is_null(9)) add_damage(stored.damage, "the meter is missing");
    batch.meter = {row.text(9), row.text(10), enum_from<MeterRole>(row, 11),
                   enum_from<Layer>(row, 12)};
    batch.booked_at = row.time(13);
    if (row.is_null(14)) add_damage(stored.damage, "the class version is missing");
    batch.class_version = row.text(14);
    batch.directory_version = row.figure(15);
    batch.observed = volume_from(row, 16);
    if (!row.is_null(35)) batch.last_traffic = row.time(35);
}

// Whether the header says what its transfers are.
void check_run(const Statement& header, std::int64_t count, StoredBatch& stored) {
    const auto& transfers = stored.batch.transfers;
    const auto found = static_cast<std::int64_t>(transfers.size());
    // Rows that are missing at the end of the run would not be noticed otherwise.
    if (found != count)
        add_damage(stored.damage, fmt::format("only {} of {} transfers exist", found, count));
    const bool has_bounds = !header.is_null(32) && !header.is_null(33);
    const bool same = transfers.empty()
                          ? header.is_null(32) && header.is_null(33)
                          : has_bounds &&
                                bucket_time(header.number(32)) == transfers.front().bucket &&
                                bucket_time(header.number(33)) == transfers.back().bucket;
    if (!same)
        add_damage(stored.damage, "its first and last bucket are not those of its transfers");
}

}  // namespace

Result<BatchReader> BatchReader::make(const Database& db, std::uint64_t after) {
    BatchReader reader;
    if (after > 0) {
        TRY_ASSIGN(auto before,
                   Statement::prepare(
                       db, "SELECT first_transfer + transfers FROM batch WHERE number = ?1"));
        before.bind(1, after);
        TRY_ASSIGN(const bool found, before.step());
        reader.next_transfer_ = found ? before.number(0) : 0;
    }
    TRY_ASSIGN(reader.transfers_,
               Statement::prepare(db,
                                  "SELECT bucket, from_party, to_party, service, bytes, "
                                  "packets, flows FROM transfer WHERE transfer_id >= ?1 "
                                  "AND transfer_id < ?2 ORDER BY transfer_id"));
    TRY_ASSIGN(reader.sampled_,
               Statement::prepare(db,
                                  "SELECT transfer, bytes, packets, bytes_variance, "
                                  "packets_variance FROM sampled WHERE transfer >= ?1 "
                                  "AND transfer < ?2 ORDER BY transfer"));
    TRY_ASSIGN(reader.party_,
               Statement::prepare(db,
                                  "SELECT h.kind, h.name, p.identity FROM party p JOIN "
                                  "holder h ON h.holder_id = p.holder "
                                  "WHERE p.party_id = ?1"));
    TRY_ASSIGN(reader.service_,
               Statement::prepare(db, "SELECT name FROM service WHERE service_id = ?1"));
    TRY_ASSIGN(reader.cursors_,
               Statement::prepare(db,
                                  "SELECT source, position, version, note FROM "
                                  "batch_cursor WHERE batch = ?1 ORDER BY source"));
    TRY_ASSIGN(reader.losses_,
               Statement::prepare(db,
                                  "SELECT source, reason, begin_at, end_at, packets, "
                                  "bytes_bound, number FROM loss WHERE batch = ?1 "
                                  "ORDER BY number"));
    TRY_ASSIGN(reader.translations_, TranslationReader::make(db));
    TRY_ASSIGN(reader.identities_, IdentityReader::make(db));
    return reader;
}

Result<StoredBatch> BatchReader::read(const Statement& row) {
    StoredBatch stored;
    parties_.begin_batch();
    services_.begin_batch();
    stored.number = row.figure(0);
    if (row.is_null(1)) add_damage(stored.damage, "the writer is missing");
    stored.writer = writer_from(row, 1);
    stored.sequence = row.figure(3);
    read_header(row, stored);
    for (std::size_t i = 0; i < lists_of_row; ++i) {
        const auto column = static_cast<int>(20 + 2 * i);
        stored.digests[i] = {row.figure(column), row.text(column + 1)};
    }
    stored.previous_hash = row.text(30);
    stored.hash = row.text(31);
    stored.compacted = run_of(compacted_, row.number(0)) != nullptr;
    stored.first_bucket = bucket_from(row, 32);
    stored.last_bucket = bucket_from(row, 33);
    check_place(row, stored);
    TRY(read_losses(stored));
    TRY(identities_.read(stored));
    // Cursors and translations of compacted batches may still be there; they do not count.
    if (stored.compacted) return stored;
    TRY(read_rows(row, stored));
    TRY(read_cursors(stored));
    TRY_ASSIGN(const bool good, translations_.read(stored.number, stored.batch.translations));
    if (!good) add_damage(stored.damage, "an address of a translation is not readable");
    return stored;
}

Status BatchReader::read_rows(const Statement& header, StoredBatch& stored) {
    TRY(read_transfers(header, stored));
    TRY(read_sampled(header.number(19), rows_end(header), stored.batch));
    sort_names(stored.batch);
    if (header.number(5) == static_cast<std::int64_t>(BatchKind::correction))
        split_correction(stored.batch);
    sort_rows(stored);
    return {};
}

Result<Party> BatchReader::read_party(std::int64_t number, std::string& damage) {
    party_.bind(1, number);
    TRY_ASSIGN(const bool found, party_.step());
    if (!found) add_damage(damage, fmt::format("party {} is missing", number));
    Party party;
    if (found) party = {enum_from<PartyKind>(party_, 0), party_.text(1), party_.text(2)};
    party_.reset();
    return party;
}

Result<std::string> BatchReader::read_service(std::int64_t number, std::string& damage) {
    service_.bind(1, number);
    TRY_ASSIGN(const bool found, service_.step());
    if (!found) add_damage(damage, fmt::format("service {} is missing", number));
    std::string service = found ? service_.text(0) : std::string();
    service_.reset();
    return service;
}

Status BatchReader::read_transfers(const Statement& header, StoredBatch& stored) {
    const auto read_party_row = [&](std::int64_t number) {
        return read_party(number, stored.damage);
    };
    const auto read_service_row = [&](std::int64_t number) {
        return read_service(number, stored.damage);
    };
    Batch& batch = stored.batch;
    const std::int64_t count = header.number(20);
    if (count > 0) batch.transfers.reserve(static_cast<std::size_t>(std::min(count, read_max)));
    transfers_.bind(1, header.number(19));
    transfers_.bind(2, rows_end(header));
    while (true) {
        TRY_ASSIGN(const bool row, transfers_.step());
        if (!row) break;
        Transfer t;
        t.bucket = bucket_time(transfers_.number(0));
        TRY_ASSIGN(t.from, parties_.local(transfers_.number(1), batch.parties, read_party_row));
        TRY_ASSIGN(t.to, parties_.local(transfers_.number(2), batch.parties, read_party_row));
        TRY_ASSIGN(t.service,
                   services_.local(transfers_.number(3), batch.services, read_service_row));
        t.volume = volume_from(transfers_, 4);
        batch.transfers.push_back(t);
    }
    check_run(header, count, stored);
    return {};
}

void BatchReader::check_place(const Statement& header, StoredBatch& stored) {
    if (next_transfer_ != 0 && header.number(19) != next_transfer_)
        add_damage(stored.damage, "its transfers do not follow those of the batch before");
    next_transfer_ = run_end(header.number(19), std::max<std::int64_t>(header.number(20), 0));
}

Status BatchReader::read_sampled(std::int64_t first, std::int64_t end, Batch& batch) {
    sampled_.bind(1, first);
    sampled_.bind(2, end);
    while (true) {
        TRY_ASSIGN(const bool row, sampled_.step());
        if (!row) return {};
        batch.sampled.push_back({static_cast<std::uint32_t>(sampled_.number(0) - first),
                                 Bytes{sampled_.figure(1)}, Packets{sampled_.figure(2)},
                                 sampled_.figure(3), sampled_.figure(4)});
    }
}

Status BatchReader::read_cursors(StoredBatch& stored) {
    cursors_.bind(1, stored.number);
    while (true) {
        TRY_ASSIGN(const bool row, cursors_.step());
        if (!row) return {};
        stored.batch.cursors.push_back(cursor_from(cursors_, 0));
    }
}

Status BatchReader::read_losses(StoredBatch& stored) {
    losses_.bind(1, stored.number);
    while (true) {
        TRY_ASSIGN(const bool row, losses_.step());
        if (!row) return {};
        if (losses_.figure(6) != stored.batch.losses.size())
            add_damage(stored.damage, "the losses are not numbered 0, 1, 2, …");
        stored.batch.losses.push_back({losses_.text(0),
                                       enum_from<LossReason>(losses_, 1),
                                       {losses_.time(2), losses_.time(3)},
                                       losses_.optional_figure(4),
                                       losses_.optional_figure(5)});
    }
}

}  // namespace octroi::sqlite
