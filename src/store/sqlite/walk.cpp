// SPDX-License-Identifier: GPL-3.0-or-later
// Reads everything that is stored, batch by batch, for the audit. The content of the database is
// not trusted: `damage` describes what cannot be read. The directory: directory_walk.cpp.
#include <fmt/format.h>

#include <algorithm>
#include <numeric>

#include "record/party_order.hpp"
#include "record/transfer_order.hpp"
#include "store/sqlite/compacted.hpp"
#include "store/sqlite/rows.hpp"
#include "store/sqlite/sqlite_ledger.hpp"

namespace octroi {
namespace {

using sqlite::Database;
using sqlite::Statement;

void add_damage(std::string& damage, std::string_view text) {
    if (!damage.empty()) damage += "; ";
    damage += text;
}

// The names of one table, read once and kept: the next batch mostly has the same ones. In a batch,
// names have numbers of their own, from 0 in order of first use.
template <typename Name>
class NameCache {
public:
    // Call it before each batch.
    void begin_batch() {
        ++batch_;
        used_ = 0;
        if (names_.size() >= cached_max) names_.clear();
    }
    // The number in the batch. New in it: `fresh` gets the name. Not cached yet: `read` reads it.
    template <typename Read>
    [[nodiscard]] Result<std::uint32_t> local(std::int64_t row, std::vector<Name>& fresh,
                                              Read read) {
        const auto found = names_.find(row);
        if (found != names_.end() && found->second.batch == batch_) return found->second.local;
        if (found == names_.end()) {
            TRY_ASSIGN(Name name, read(row));
            names_.emplace(row, Entry{std::move(name), batch_, used_});
            fresh.push_back(names_.find(row)->second.name);
        } else {
            found->second.batch = batch_;
            found->second.local = used_;
            fresh.push_back(found->second.name);
        }
        return used_++;
    }

private:
    // About 100 MB of parties.
    static constexpr std::size_t cached_max = 1U << 20U;
    struct Entry {
        Name name;
        std::uint64_t batch = 0;
        std::uint32_t local = 0;
    };
    boost::unordered_flat_map<std::int64_t, Entry> names_;
    std::uint64_t batch_ = 0;
    std::uint32_t used_ = 0;
};

// Numbers the names by their order, and returns the new number of each.
std::vector<std::uint32_t> number_by_order(const std::vector<std::uint32_t>& order) {
    std::vector<std::uint32_t> places(order.size());
    for (std::uint32_t i = 0; i < order.size(); ++i) places[order[i]] = i;
    return places;
}

template <typename Name>
void permute(std::vector<Name>& names, const std::vector<std::uint32_t>& order) {
    std::vector<Name> sorted;
    sorted.reserve(names.size());
    for (const std::uint32_t from : order) sorted.push_back(std::move(names[from]));
    names = std::move(sorted);
}

// Sorts the names of the batch, and gives its transfers the numbers of the canonical form. They are
// stored in its order, so nothing is left to sort.
void sort_names(Batch& batch) {
    std::vector<std::uint32_t> parties(batch.parties.size());
    std::iota(parties.begin(), parties.end(), 0U);
    sort_parties(batch.parties, parties);
    permute(batch.parties, parties);
    std::vector<std::uint32_t> services(batch.services.size());
    std::iota(services.begin(), services.end(), 0U);
    std::sort(services.begin(), services.end(), [&](std::uint32_t a, std::uint32_t b) {
        return batch.services[a] < batch.services[b];
    });
    permute(batch.services, services);
    const auto party_places = number_by_order(parties);
    const auto service_places = number_by_order(services);
    for (Transfer& t : batch.transfers) {
        t.from = party_places[t.from];
        t.to = party_places[t.to];
        t.service = service_places[t.service];
    }
}

class BatchReader {
public:
    // after: the number of the batch before the first one to read; 0: none.
    [[nodiscard]] static Result<BatchReader> make(const Database& db, std::uint64_t after) {
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
        TRY_ASSIGN(reader.translations_, sqlite::TranslationReader::make(db));
        return reader;
    }

    // Call it at the beginning of each transaction: a compaction may have removed rows meanwhile.
    [[nodiscard]] Status begin_slice(const Database& db) {
        TRY_ASSIGN(compacted_, sqlite::compacted_runs(db));
        return {};
    }

    // From a row of batches_sql.
    [[nodiscard]] Result<StoredBatch> read(const Statement& row) {
        StoredBatch stored;
        parties_.begin_batch();
        services_.begin_batch();
        stored.number = row.figure(0);
        if (row.is_null(1)) add_damage(stored.damage, "the writer is missing");
        stored.writer = sqlite::writer_from(row, 1);
        stored.sequence = row.figure(3);
        read_header(row, stored);
        for (std::size_t i = 0; i < batch_lists; ++i) {
            const auto column = static_cast<int>(20 + 2 * i);
            stored.digests[i] = {row.figure(column), row.text(column + 1)};
        }
        stored.previous_hash = row.text(30);
        stored.hash = row.text(31);
        stored.compacted = sqlite::run_of(compacted_, row.number(0)) != nullptr;
        stored.first_bucket = sqlite::bucket_from(row, 32);
        stored.last_bucket = sqlite::bucket_from(row, 33);
        check_place(row, stored);
        if (!stored.compacted) TRY(read_rows(row, stored));
        TRY(read_cursors(stored));
        TRY(read_losses(stored));
        TRY_ASSIGN(const bool good, translations_.read(stored.number, stored.batch.translations));
        if (!good) add_damage(stored.damage, "an address of a translation is not readable");
        return stored;
    }

    // LEFT JOIN: a batch with a missing meter must be visited too.
    static constexpr const char* batches_sql =
        "SELECT b.number, w.node, w.id, b.sequence, b.id, b.kind, b.reason, b.corrected_begin, "
        "b.corrected_end, m.name, m.kind, m.role, m.layer, b.booked_at, v.version, "
        "b.directory_version, b.observed_bytes, b.observed_packets, b.observed_flows, "
        "b.first_transfer, b.transfers, b.transfers_digest, b.sampled, b.sampled_digest, "
        "b.cursors, b.cursors_digest, b.losses, b.losses_digest, b.translations, "
        "b.translations_digest, b.previous_hash, b.hash, b.first_bucket, b.last_bucket, "
        "(SELECT n.first_transfer FROM batch n WHERE n.number = b.number + 1) FROM batch b "
        "LEFT JOIN writer w ON w.writer_id = b.writer "
        "LEFT JOIN meter m ON m.meter_id = b.meter "
        "LEFT JOIN class_version v ON v.class_version_id = b.class_version "
        "WHERE b.number > ?1 AND b.number <= ?2 ORDER BY b.number";

private:
    [[nodiscard]] Status read_rows(const Statement& header, StoredBatch& stored) {
        TRY(read_transfers(header, stored));
        TRY(read_sampled(header.number(19), rows_end(header), stored.batch));
        sort_names(stored.batch);
        if (header.number(5) == static_cast<std::int64_t>(BatchKind::correction))
            split_correction(stored.batch);
        sort_all(stored);
        return {};
    }

    static void read_header(const Statement& row, StoredBatch& stored) {
        Batch& batch = stored.batch;
        const std::string_view id = row.octets(4);
        if (id.size() == batch.id.octets.size())
            std::copy(id.begin(), id.end(), batch.id.octets.begin());
        else
            add_damage(stored.damage, "the id does not have 16 octets");
        const auto kind = sqlite::enum_from<BatchKind>(row, 5);
        if (kind != BatchKind::observation && kind != BatchKind::correction)
            add_damage(stored.damage, "the kind of the batch is unknown");
        if (kind == BatchKind::correction)
            batch.correction.emplace(
                Correction{.reason = row.text(6), .corrected = {row.time(7), row.time(8)}});
        else if (!row.octets(6).empty() || row.number(7) != 0 || row.number(8) != 0)
            add_damage(stored.damage, "an observation has the reason of a correction");
        if (row.is_null(9)) add_damage(stored.damage, "the meter is missing");
        batch.meter = {row.text(9), row.text(10), sqlite::enum_from<MeterRole>(row, 11),
                       sqlite::enum_from<Layer>(row, 12)};
        batch.booked_at = row.time(13);
        if (row.is_null(14)) add_damage(stored.damage, "the class version is missing");
        batch.class_version = row.text(14);
        batch.directory_version = row.figure(15);
        batch.observed = sqlite::volume_from(row, 16);
    }

    // Moves the rows with negative figures to the removed ones, with their sampled counts. The
    // other rows keep their order.
    static void split_correction(Batch& batch) {
        Correction& correction = *batch.correction;
        std::vector<Transfer> added;
        std::vector<SampledVolume> added_sampled;
        auto counts = batch.sampled.begin();
        for (std::uint32_t i = 0; i < batch.transfers.size(); ++i) {
            Transfer t = batch.transfers[i];
            const bool is_removed = is_negative(t.volume);
            if (is_removed) t.volume = negated(t.volume);
            auto& rows = is_removed ? correction.removed : added;
            if (counts != batch.sampled.end() && counts->transfer == i) {
                SampledVolume row = is_removed ? negated(*counts) : *counts;
                row.transfer = static_cast<std::uint32_t>(rows.size());
                (is_removed ? correction.removed_sampled : added_sampled).push_back(row);
                ++counts;
            }
            rows.push_back(t);
        }
        batch.transfers = std::move(added);
        batch.sampled = std::move(added_sampled);
    }

    [[nodiscard]] static bool is_negative(const Volume& v) {
        return v.bytes.value() > sqlite::figure_end || v.packets.value() > sqlite::figure_end ||
               v.flows.value() > sqlite::figure_end;
    }
    [[nodiscard]] static Volume negated(const Volume& v) {
        return {Bytes{0 - v.bytes.value()}, Packets{0 - v.packets.value()},
                Flows{0 - v.flows.value()}};
    }
    [[nodiscard]] static SampledVolume negated(const SampledVolume& row) {
        return {row.transfer, Bytes{0 - row.bytes.value()}, Packets{0 - row.packets.value()},
                0 - row.bytes_variance, 0 - row.packets_variance};
    }

    // Each list is stored in canonical order, and its names are numbered by it. Otherwise another
    // program has changed it.
    static void sort_all(StoredBatch& stored) {
        Batch& batch = stored.batch;
        const auto sort = [&](std::vector<Transfer>& transfers,
                              std::vector<SampledVolume>& sampled) {
            if (std::is_sorted(transfers.begin(), transfers.end())) return;
            add_damage(stored.damage, "the transfers are not stored in canonical order");
            sort_transfers(transfers, sampled);
        };
        sort(batch.transfers, batch.sampled);
        if (batch.correction) sort(batch.correction->removed, batch.correction->removed_sampled);
    }

    [[nodiscard]] Result<Party> read_party(std::int64_t number, std::string& damage) {
        party_.bind(1, number);
        TRY_ASSIGN(const bool found, party_.step());
        if (!found) add_damage(damage, fmt::format("party {} is missing", number));
        Party party;
        if (found)
            party = {sqlite::enum_from<PartyKind>(party_, 0), party_.text(1), party_.text(2)};
        party_.reset();
        return party;
    }

    [[nodiscard]] Result<std::string> read_service(std::int64_t number, std::string& damage) {
        service_.bind(1, number);
        TRY_ASSIGN(const bool found, service_.step());
        if (!found) add_damage(damage, fmt::format("service {} is missing", number));
        std::string service = found ? service_.text(0) : std::string();
        service_.reset();
        return service;
    }

    [[nodiscard]] Status read_transfers(const Statement& header, StoredBatch& stored) {
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
            t.bucket = sqlite::bucket_time(transfers_.number(0));
            TRY_ASSIGN(t.from, parties_.local(transfers_.number(1), batch.parties, read_party_row));
            TRY_ASSIGN(t.to, parties_.local(transfers_.number(2), batch.parties, read_party_row));
            TRY_ASSIGN(t.service,
                       services_.local(transfers_.number(3), batch.services, read_service_row));
            t.volume = sqlite::volume_from(transfers_, 4);
            batch.transfers.push_back(t);
        }
        check_run(header, count, stored);
        return {};
    }

    void check_place(const Statement& header, StoredBatch& stored) {
        if (next_transfer_ != 0 && header.number(19) != next_transfer_)
            add_damage(stored.damage, "its transfers do not follow those of the batch before");
        next_transfer_ = run_end(header.number(19), std::max<std::int64_t>(header.number(20), 0));
    }

    // Whether the header says what its transfers are,
    void check_run(const Statement& header, std::int64_t count, StoredBatch& stored) {
        const auto& transfers = stored.batch.transfers;
        const auto found = static_cast<std::int64_t>(transfers.size());
        // Rows that are missing at the end of the run would not be noticed otherwise.
        if (found != count)
            add_damage(stored.damage, fmt::format("only {} of {} transfers exist", found, count));
        const bool has_bounds = !header.is_null(32) && !header.is_null(33);
        const bool same =
            transfers.empty()
                ? header.is_null(32) && header.is_null(33)
                : has_bounds &&
                      sqlite::bucket_time(header.number(32)) == transfers.front().bucket &&
                      sqlite::bucket_time(header.number(33)) == transfers.back().bucket;
        if (!same)
            add_damage(stored.damage, "its first and last bucket are not those of its transfers");
    }

    // Sampled counts refer to transfers by their position in the run, as the transfers were read.
    [[nodiscard]] Status read_sampled(std::int64_t first, std::int64_t end, Batch& batch) {
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

    [[nodiscard]] Status read_cursors(StoredBatch& stored) {
        cursors_.bind(1, stored.number);
        while (true) {
            TRY_ASSIGN(const bool row, cursors_.step());
            if (!row) return {};
            stored.batch.cursors.push_back(sqlite::cursor_from(cursors_, 0));
        }
    }

    [[nodiscard]] Status read_losses(StoredBatch& stored) {
        losses_.bind(1, stored.number);
        while (true) {
            TRY_ASSIGN(const bool row, losses_.step());
            if (!row) return {};
            if (losses_.figure(6) != stored.batch.losses.size())
                add_damage(stored.damage, "the losses are not numbered 0, 1, 2, …");
            stored.batch.losses.push_back({losses_.text(0),
                                           sqlite::enum_from<LossReason>(losses_, 1),
                                           {losses_.time(2), losses_.time(3)},
                                           losses_.optional_figure(4),
                                           losses_.optional_figure(5)});
        }
    }

    // A damaged header can say any number of transfers.
    static constexpr std::int64_t read_max = 1 << 20;
    // The end of the rows that are read. Rows of the next batch are not: a header that was changed
    // could otherwise make one batch of all the rest of the table.
    [[nodiscard]] static std::int64_t rows_end(const Statement& header) {
        const std::int64_t end = run_end(header.number(19), header.number(20));
        return header.is_null(34) ? end : std::min(end, header.number(34));
    }
    // The first transfer_id after the run. Without an upper bound as a plain number, SQLite would
    // read on to the end of the table, for every batch.
    [[nodiscard]] static std::int64_t run_end(std::int64_t first, std::int64_t count) {
        std::int64_t end = 0;
        return __builtin_add_overflow(first, count, &end) ? INT64_MAX : end;
    }

    std::vector<sqlite::CompactedRun> compacted_;
    NameCache<Party> parties_;
    NameCache<std::string> services_;
    std::int64_t next_transfer_ = 1;  // of the next batch; 0: not known
    Statement transfers_;
    Statement sampled_;
    Statement party_;
    Statement service_;
    Statement cursors_;
    Statement losses_;
    sqlite::TranslationReader translations_;
};

// Rows and batches that are read in one transaction: some 50 ms.
constexpr std::size_t slice_rows = 50'000;
constexpr std::size_t slice_batches = 2000;

// Visits some batches, and advances `left`. False: there are no more.
Result<bool> visit_slice(BatchReader& reader, Statement& batches, BatchRange& left,
                         const Query::BatchVisitor& visit) {
    std::size_t rows = 0;
    batches.bind(1, left.after);
    batches.bind(2, left.until);
    for (std::size_t count = 0; count < slice_batches && rows < slice_rows; ++count) {
        TRY_ASSIGN(const bool row, batches.step());
        if (!row) return false;
        TRY_ASSIGN(const StoredBatch stored, reader.read(batches));
        left.after = stored.number;
        rows += stored.batch.transfers.size();
        TRY(visit(stored));
    }
    batches.reset();
    return true;
}

}  // namespace

Result<std::uint64_t> SqliteLedger::last_batch() {
    TRY_ASSIGN(const std::int64_t last, db_.number("SELECT coalesce(max(number), 0) FROM batch"));
    return static_cast<std::uint64_t>(last);
}

Status SqliteLedger::each_batch_in(const BatchRange& range, const BatchVisitor& visit) {
    TRY_ASSIGN(const std::uint64_t last, last_batch());
    TRY_ASSIGN(auto reader, BatchReader::make(db_, range.after));
    TRY_ASSIGN(auto batches, Statement::prepare(db_, BatchReader::batches_sql));
    BatchRange left{range.after, std::min(range.until, last)};
    while (left.after < left.until) {
        // A short transaction: a long one keeps SQLite from starting its WAL again.
        TRY_ASSIGN(auto transaction,
                   sqlite::Transaction::begin(db_, sqlite::Transaction::Kind::read));
        TRY(reader.begin_slice(db_));
        TRY_ASSIGN(const bool more, visit_slice(reader, batches, left, visit));
        TRY(transaction.commit());
        if (!more) return {};
    }
    return {};
}

Result<std::vector<std::pair<std::string, Cursor>>> SqliteLedger::current_cursors() {
    TRY_ASSIGN(auto find, Statement::prepare(db_,
                                             "SELECT meter, source, position, version, note "
                                             "FROM cursor ORDER BY meter, source"));
    std::vector<std::pair<std::string, Cursor>> cursors;
    while (true) {
        TRY_ASSIGN(const bool row, find.step());
        if (!row) return cursors;
        cursors.emplace_back(find.text(0), sqlite::cursor_from(find, 1));
    }
}

}  // namespace octroi
