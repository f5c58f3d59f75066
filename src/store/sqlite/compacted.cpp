// SPDX-License-Identifier: GPL-3.0-or-later
#include "store/sqlite/compacted.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <map>

#include "store/sqlite/rows.hpp"

namespace octroi::sqlite {
namespace {

// The transfers of one meter in old rows, as a batch whose buckets are hours or days.
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
            return std::unexpected(sum_does_not_fit(db_));
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
        TRY_ASSIGN(auto find, Statement::prepare(db_,
                                                 "SELECT h.kind, h.name, p.identity FROM party p "
                                                 "JOIN holder h ON h.holder_id = p.holder WHERE "
                                                 "p.party_id = ?1"));
        find.bind(1, number);
        TRY_ASSIGN(const bool found, find.step());
        if (!found) return std::unexpected(missing("party", number));
        batch_.parties.push_back({enum_from<PartyKind>(find, 0), find.text(1), find.text(2)});
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
    Batch batch_;
    Figures sum_;
    boost::unordered_flat_map<std::int64_t, std::uint32_t> parties_;
    boost::unordered_flat_map<std::int64_t, std::uint32_t> services_;
};

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

}  // namespace

Result<std::vector<CompactedRun>> compacted_runs(const Database& db) {
    TRY_ASSIGN(auto find,
               Statement::prepare(db,
                                  "SELECT number, level, first_batch, last_batch, first_bucket, "
                                  "last_bucket FROM compaction ORDER BY number DESC"));
    // The newest first: a record that begins within a newer one was replaced by it.
    std::map<std::int64_t, CompactedRun> runs;
    while (true) {
        TRY_ASSIGN(const bool row, find.step());
        if (!row) break;
        CompactedRun run{find.number(0), enum_from<CompactionLevel>(find, 1), find.number(2),
                         find.number(3)};
        if (!find.is_null(4)) run.first_bucket = find.number(4);
        if (!find.is_null(5)) run.last_bucket = find.number(5);
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
