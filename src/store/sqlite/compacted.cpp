// SPDX-License-Identifier: GPL-3.0-or-later
#include "store/sqlite/compacted.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <map>
#include <optional>

#include "store/sqlite/compaction_lists.hpp"
#include "store/sqlite/old_translations.hpp"
#include "store/sqlite/sqlite_ledger.hpp"
#include "store/sqlite/sum_groups.hpp"

namespace octroi::sqlite {
namespace {

// The transfers of one meter in old rows, as a batch with hours or days as buckets.
class OldBatch {
public:
    explicit OldBatch(const Database& db) : db_(db) {}

    [[nodiscard]] Status add(const OldRow& row) {
        Transfer t;
        t.bucket = bucket_time(row.begin);
        TRY_ASSIGN(t.from, party(row.from));
        TRY_ASSIGN(t.to, party(row.to));
        TRY_ASSIGN(t.service, service(row.service));
        const auto figure = [&](std::size_t i) {
            return static_cast<std::uint64_t>(row.figures[i]);
        };
        t.volume = {Bytes{figure(0)}, Packets{figure(1)}, Flows{figure(2)}};
        if (std::any_of(row.figures.begin() + 3, row.figures.end(), [](auto f) { return f != 0; }))
            batch_.sampled.push_back({static_cast<std::uint32_t>(batch_.transfers.size()),
                                      Bytes{figure(0) - figure(3)}, Packets{figure(1) - figure(4)},
                                      figure(5), figure(6)});
        batch_.transfers.push_back(t);
        if (!sum_.add({row.figures[0], row.figures[1], row.figures[2]}))
            return fail(ErrorCode::over_limit,
                        fmt::format("ledger {}: a sum of transfers exceeds 64 bits, so they are "
                                    "not compacted",
                                    db_.path()));
        return {};
    }
    [[nodiscard]] CompactedMeter finish(MeterName meter) {
        const BatchDigests lists = digests(canonical(batch_));
        const auto figure = [](std::int64_t v) { return static_cast<std::uint64_t>(v); };
        return {
            std::move(meter),
            {Bytes{figure(sum_.bytes)}, Packets{figure(sum_.packets)}, Flows{figure(sum_.flows)}},
            lists[static_cast<std::size_t>(BatchList::transfers)],
            lists[static_cast<std::size_t>(BatchList::sampled)]};
    }

private:
    [[nodiscard]] Error missing(const char* what, std::int64_t number) const {
        return {ErrorCode::corrupt, fmt::format("ledger {}: {} {} is missing; next: run `octroi "
                                                "audit`",
                                                db_.path(), what, number)};
    }
    [[nodiscard]] Result<std::uint32_t> party(std::int64_t number) {
        const auto [at, is_new] =
            parties_.try_emplace(number, static_cast<std::uint32_t>(batch_.parties.size()));
        if (!is_new) return at->second;
        if (!find_party_) {
            TRY_ASSIGN(find_party_, Statement::prepare(db_,
                                                       "SELECT h.kind, h.name, p.identity FROM "
                                                       "party p JOIN holder h ON h.holder_id = "
                                                       "p.holder WHERE p.party_id = ?1"));
        }
        find_party_->bind(1, number);
        TRY_ASSIGN(const bool found, find_party_->step());
        if (!found) return std::unexpected(missing("party", number));
        batch_.parties.push_back(
            {enum_from<PartyKind>(*find_party_, 0), find_party_->text(1), find_party_->text(2)});
        find_party_->reset();
        return at->second;
    }
    [[nodiscard]] Result<std::uint32_t> service(std::int64_t number) {
        const auto [at, is_new] =
            services_.try_emplace(number, static_cast<std::uint32_t>(batch_.services.size()));
        if (!is_new) return at->second;
        TRY_ASSIGN(auto find,
                   Statement::prepare(db_, "SELECT name FROM service WHERE service_id = ?1"));
        find.bind(1, number);
        TRY_ASSIGN(const bool found, find.step());
        if (!found) return std::unexpected(missing("service", number));
        batch_.services.push_back(find.text(0));
        return at->second;
    }

    const Database& db_;
    std::optional<Statement> find_party_;  // prepared once: there are many
    Batch batch_;
    Figures sum_;
    boost::unordered_flat_map<std::int64_t, std::uint32_t> parties_;
    boost::unordered_flat_map<std::int64_t, std::uint32_t> services_;
};

}  // namespace

Result<MeterName> meter_name(const Database& db, std::int64_t number) {
    TRY_ASSIGN(auto find, Statement::prepare(
                              db, "SELECT name, kind, role, layer FROM meter WHERE meter_id = ?1"));
    find.bind(1, number);
    TRY_ASSIGN(const bool found, find.step());
    if (!found)
        return fail(ErrorCode::corrupt,
                    fmt::format("ledger {}: meter {} is missing; next: run `octroi audit`",
                                db.path(), number));
    return MeterName{find.text(0), find.text(1), enum_from<MeterRole>(find, 2),
                     enum_from<Layer>(find, 3)};
}

Result<std::vector<CompactedRun>> compacted_runs(const Database& db) {
    TRY_ASSIGN(auto find,
               Statement::prepare(db,
                                  "SELECT number, at, level, first_batch, last_batch, "
                                  "traffic_begin, traffic_end FROM compaction ORDER BY number "
                                  "DESC"));
    // The newest first: a record that begins within a newer one was replaced by it.
    std::map<std::int64_t, CompactedRun> runs;
    while (true) {
        TRY_ASSIGN(const bool row, find.step());
        if (!row) break;
        CompactedRun run{.compaction = find.number(0),
                         .at = find.time(1),
                         .level = enum_from<CompactionLevel>(find, 2),
                         .first_batch = find.number(3),
                         .last_batch = find.number(4),
                         .traffic = {}};
        if (find.time(5) < find.time(6))
            run.traffic = {bucket_number(find.time(5)), bucket_number(find.time(6))};
        const auto after = runs.upper_bound(run.first_batch);
        const bool is_replaced =
            after != runs.begin() && std::prev(after)->second.contains(run.first_batch);
        if (!is_replaced) runs.emplace(run.first_batch, run);
    }
    std::vector<CompactedRun> sorted;
    for (const auto& [first, run] : runs) sorted.push_back(run);
    return sorted;
}

const CompactedRun* run_of(std::span<const CompactedRun> runs, std::int64_t batch) {
    const auto after = std::upper_bound(
        runs.begin(), runs.end(), batch,
        [](std::int64_t b, const CompactedRun& run) { return b < run.first_batch; });
    if (after == runs.begin()) return nullptr;
    const CompactedRun& run = *std::prev(after);
    return run.contains(batch) ? &run : nullptr;
}

Result<std::vector<std::int64_t>> old_batches(const Database& db,
                                              std::span<const CompactedRun> runs, UtcTime before) {
    // The index has the buckets, so only batches that are not compacted yet are looked up.
    TRY_ASSIGN(auto find, Statement::prepare(db,
                                             "SELECT number FROM batch WHERE last_bucket < ?1 "
                                             "UNION ALL SELECT number FROM batch WHERE "
                                             "last_bucket IS NULL ORDER BY number"));
    TRY_ASSIGN(auto booked,
               Statement::prepare(db, "SELECT booked_at FROM batch WHERE number = ?1"));
    find.bind(1, bucket_number(before));
    std::vector<std::int64_t> numbers;
    while (true) {
        TRY_ASSIGN(const bool row, find.step());
        if (!row) return numbers;
        const std::int64_t number = find.number(0);
        if (run_of(runs, number) != nullptr) continue;
        booked.bind(1, number);
        TRY_ASSIGN(const bool found, booked.step());
        if (found && booked.time(0) < before) numbers.push_back(number);
        booked.reset();
    }
}

Status read_meters(const Database& db, CompactionRecord& record) {
    TRY_ASSIGN(
        auto find,
        Statement::prepare(db,
                           "SELECT m.name, m.kind, m.role, m.layer, c.bytes, c.packets, c.flows, "
                           "c.transfers, c.transfers_digest, c.sampled, c.sampled_digest FROM "
                           "compaction_meter c LEFT JOIN meter m ON m.meter_id = c.meter WHERE "
                           "c.compaction = ?1 ORDER BY 1, 2, 3, 4"));
    find.bind(1, record.number);
    while (true) {
        TRY_ASSIGN(const bool row, find.step());
        if (!row) return {};
        record.meters.push_back(
            {{find.text(0), find.text(1), enum_from<MeterRole>(find, 2), enum_from<Layer>(find, 3)},
             volume_from(find, 4),
             {find.figure(7), find.text(8)},
             {find.figure(9), find.text(10)}});
    }
}

Result<std::string> batches_digest(const Database& db, std::int64_t first, std::int64_t last) {
    TRY_ASSIGN(auto find, Statement::prepare(db,
                                             "SELECT hash, first_bucket, last_bucket FROM batch "
                                             "WHERE number BETWEEN ?1 AND ?2 ORDER BY number"));
    find.bind(1, first);
    find.bind(2, last);
    BatchesDigest digest;
    while (true) {
        TRY_ASSIGN(const bool row, find.step());
        if (!row) return digest.finish();
        digest.add(find.octets(0), bucket_from(find, 1), bucket_from(find, 2));
    }
}

Result<std::vector<StoredCompaction>> stored_compactions(const Database& db) {
    TRY_ASSIGN(auto find, Statement::prepare(db,
                                             "SELECT number, at, level, first_batch, last_batch, "
                                             "traffic_begin, traffic_end, removed, batches_digest, "
                                             "days, days_digest, cursors, cursors_digest, "
                                             "translations, translations_digest, previous_hash, "
                                             "hash FROM compaction ORDER BY number"));
    std::vector<StoredCompaction> all;
    while (true) {
        TRY_ASSIGN(const bool row, find.step());
        if (!row) return all;
        StoredCompaction& stored = all.emplace_back();
        stored.record = {.number = find.figure(0),
                         .at = find.time(1),
                         .level = enum_from<CompactionLevel>(find, 2),
                         .first_batch = find.figure(3),
                         .last_batch = find.figure(4),
                         .traffic = {find.time(5), find.time(6)},
                         .removed = find.figure(7),
                         .batches_digest = find.text(8),
                         .days = {find.figure(9), find.text(10)},
                         .cursors = {find.figure(11), find.text(12)},
                         .translations = {find.figure(13), find.text(14)},
                         .meters = {}};
        stored.previous_hash = find.text(15);
        stored.hash = find.text(16);
        TRY(read_meters(db, stored.record));
    }
}

Status check_compactions(const Database& db) {
    TRY_ASSIGN(const auto compactions, stored_compactions(db));
    std::string previous = zero_hash();
    std::uint64_t number = 0;
    for (const StoredCompaction& stored : compactions) {
        if (stored.record.number != ++number || stored.previous_hash != previous ||
            stored.hash.size() != hash_octets ||
            compaction_hash(previous, stored.record) != stored.hash)
            return fail(ErrorCode::corrupt,
                        fmt::format("ledger {}: the record of compaction {} is damaged, so nothing "
                                    "is compacted; next: run `octroi audit`",
                                    db.path(), number));
        previous = stored.hash;
    }
    return {};
}

OldRow old_row_from(const Statement& row, int column) {
    OldRow old{row.number(column), row.number(column + 1), row.number(column + 2),
               row.number(column + 3), row.number(column + 4)};
    for (std::size_t i = 0; i < day_figures; ++i)
        old.figures[i] = row.number(column + 5 + static_cast<int>(i));
    return old;
}

Result<std::vector<OldRow>> read_old_rows(const Database& db, std::int64_t compaction) {
    TRY_ASSIGN(auto find,
               Statement::prepare(db, fmt::format("SELECT {} FROM old_transfer WHERE compaction = "
                                                  "?1",
                                                  old_row_columns)));
    find.bind(1, compaction);
    std::vector<OldRow> rows;
    while (true) {
        TRY_ASSIGN(const bool row, find.step());
        if (!row) break;
        rows.push_back(old_row_from(find, 0));
    }
    std::sort(rows.begin(), rows.end());
    return rows;
}

Result<std::vector<CompactedMeter>> summarize(const Database& db, std::span<const OldRow> rows) {
    std::map<std::int64_t, OldBatch> meters;
    for (const OldRow& row : rows) {
        const auto at = meters.try_emplace(row.meter, db).first;
        TRY(at->second.add(row));
    }
    std::vector<CompactedMeter> sums;
    for (auto& [number, batch] : meters) {
        TRY_ASSIGN(MeterName name, meter_name(db, number));
        sums.push_back(batch.finish(std::move(name)));
    }
    std::sort(sums.begin(), sums.end(),
              [](const CompactedMeter& a, const CompactedMeter& b) { return a.meter < b.meter; });
    return sums;
}

}  // namespace octroi::sqlite

namespace octroi {
namespace {

using sqlite::Database;
using sqlite::OldRow;
using sqlite::Statement;

void add_figures(SignedVolume& sum, const OldRow& row) {
    // A sum that wraps around is found: it is not that of the record.
    const auto add = [](std::int64_t& to, std::int64_t figure) {
        static_cast<void>(__builtin_add_overflow(to, figure, &to));
    };
    add(sum.bytes, row.figures[0]);
    add(sum.packets, row.figures[1]);
    add(sum.flows, row.figures[2]);
}

// The parts of each meter, by its row number.
Result<std::map<std::int64_t, StoredCompaction::Parts>> sum_parts(const Database& db,
                                                                  std::span<const OldRow> rows) {
    TRY_ASSIGN(auto find, Statement::prepare(db,
                                             "SELECT h.kind FROM party p JOIN holder h ON "
                                             "h.holder_id = p.holder WHERE p.party_id = ?1"));
    boost::unordered_flat_map<std::int64_t, PartyKind> kinds;
    const auto kind_of = [&](std::int64_t party) -> Result<PartyKind> {
        const auto known = kinds.find(party);
        if (known != kinds.end()) return known->second;
        find.bind(1, party);
        TRY_ASSIGN([[maybe_unused]] const bool found, find.step());
        const auto kind = sqlite::enum_from<PartyKind>(find, 0);
        find.reset();
        kinds.emplace(party, kind);
        return kind;
    };
    std::map<std::int64_t, StoredCompaction::Parts> parts;
    for (const OldRow& row : rows) {
        TRY_ASSIGN(const PartyKind from, kind_of(row.from));
        TRY_ASSIGN(const PartyKind to, kind_of(row.to));
        const auto either = [&](PartyKind kind) { return from == kind || to == kind; };
        StoredCompaction::Parts& of_meter = parts[row.meter];
        add_figures(either(PartyKind::excluded)       ? of_meter.excluded
                    : either(PartyKind::account)      ? of_meter.attributed
                    : either(PartyKind::unattributed) ? of_meter.unattributed
                                                      : of_meter.transit,
                    row);
    }
    return parts;
}

// The meters of `found` and `parts` are in the order of their names.
Status read_content(const Database& db, const sqlite::CompactedRun& run, StoredCompaction& stored) {
    TRY_ASSIGN(const auto rows, sqlite::read_old_rows(db, run.compaction));
    const Status found = sqlite::read_content(db, run, rows, stored.found);
    if (!found && found.error().code != ErrorCode::corrupt &&
        found.error().code != ErrorCode::over_limit)
        return found;
    if (!found) {
        stored.damage = found.error().text;
        return {};
    }
    TRY_ASSIGN(const auto parts, sum_parts(db, rows));
    std::map<MeterName, StoredCompaction::Parts> by_name;
    for (const auto& [meter, sums] : parts) {
        TRY_ASSIGN(const MeterName name, sqlite::meter_name(db, meter));
        by_name[name] = sums;
    }
    for (const auto& [name, sums] : by_name) stored.parts.push_back(sums);
    return {};
}

Status read_translations(const Database& db, StoredCompaction& stored) {
    TRY_ASSIGN(auto translations, sqlite::OldTranslations::of(db));
    const auto found = translations.digest([] { return true; });
    if (found)
        stored.found.translations = *found;
    else if (found.error().code == ErrorCode::corrupt)
        stored.damage += (stored.damage.empty() ? "" : "; ") + found.error().text;
    else
        return std::unexpected(found.error());
    return {};
}

}  // namespace

// The sums of each record in a transaction of its own: its rows may be many.
Status SqliteLedger::each_compaction(std::uint64_t sums_after, const CompactionVisitor& visit) {
    TRY_ASSIGN(auto compactions, sqlite::stored_compactions(db_));
    for (std::size_t i = 0; i < compactions.size(); ++i) {
        TRY_ASSIGN(auto transaction,
                   sqlite::Transaction::begin(db_, sqlite::Transaction::Kind::read));
        StoredCompaction& stored = compactions[i];
        TRY_ASSIGN(const auto runs, sqlite::compacted_runs(db_));
        const auto number = static_cast<std::int64_t>(stored.record.number);
        const auto* run =
            sqlite::run_of(runs, static_cast<std::int64_t>(stored.record.first_batch));
        stored.is_replaced = run == nullptr || run->compaction != number;
        if (!stored.is_replaced && stored.record.last_batch > sums_after)
            TRY(read_content(db_, *run, stored));
        const bool is_last = i + 1 == compactions.size();
        TRY_ASSIGN(const std::int64_t newest,
                   db_.number("SELECT coalesce(max(number), 0) FROM compaction"));
        if (is_last && number == newest && sums_after != UINT64_MAX)
            TRY(read_translations(db_, stored));
        TRY(visit(stored));
        // Others were recorded meanwhile.
        if (is_last && number < newest) {
            TRY_ASSIGN(compactions, sqlite::stored_compactions(db_));
        }
    }
    return {};
}

}  // namespace octroi
