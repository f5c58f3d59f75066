// SPDX-License-Identifier: GPL-3.0-or-later
#include "store/sqlite/compaction_checks.hpp"

#include <fmt/format.h>

#include <array>
#include <map>

#include "base/narrow.hpp"
#include "store/sqlite/compaction_lists.hpp"
#include "store/sqlite/rows.hpp"
#include "store/sqlite/sum_groups.hpp"

namespace octroi::sqlite {
namespace {

// What the meters observed in the batches, as an audit needs it.
Result<std::map<MeterName, Figures>> observed_in(const Database& db, std::int64_t first,
                                                 std::int64_t last) {
    TRY_ASSIGN(auto find,
               Statement::prepare(
                   db,
                   "SELECT m.name, m.kind, m.role, m.layer, b.observed_bytes, b.observed_packets, "
                   "b.observed_flows FROM batch b JOIN meter m ON m.meter_id = b.meter WHERE "
                   "b.number BETWEEN ?1 AND ?2 AND b.kind = 1"));
    find.bind(1, first);
    find.bind(2, last);
    std::map<MeterName, Figures> sums;
    while (true) {
        TRY_ASSIGN(const bool row, find.step());
        if (!row) break;
        Figures& sum = sums[{find.text(0), find.text(1), enum_from<MeterRole>(find, 2),
                             enum_from<Layer>(find, 3)}];
        if (!sum.add({find.number(4), find.number(5), find.number(6)}))
            return std::unexpected(sum_of_batch_does_not_fit(db));
    }
    std::erase_if(sums, [](const auto& sum) { return sum.second == Figures{}; });
    return sums;
}

}  // namespace

Error sum_of_batch_does_not_fit(const Database& db) {
    return {ErrorCode::over_limit,
            fmt::format("ledger {}: the figures of a batch exceed 64 bits when they are summed by "
                        "hour or day, so its transfers are kept; next: run `octroi audit`",
                        db.path())};
}

Status check_conserved(const Database& db, const CompactionRecord& record) {
    TRY_ASSIGN(auto observed, observed_in(db, narrow<std::int64_t>(record.first_batch),
                                          narrow<std::int64_t>(record.last_batch)));
    for (const CompactedMeter& meter : record.meters) {
        const Figures sum{static_cast<std::int64_t>(meter.volume.bytes.value()),
                          static_cast<std::int64_t>(meter.volume.packets.value()),
                          static_cast<std::int64_t>(meter.volume.flows.value())};
        const auto found = observed.find(meter.meter);
        const Figures expected = found == observed.end() ? Figures{} : found->second;
        if (sum != expected)
            return fail(
                ErrorCode::corrupt,
                fmt::format("ledger {}: the transfers of meter {} in the batches {} to {} "
                            "are not what it observed, so they are kept; next: run "
                            "`octroi audit`",
                            db.path(), meter.meter.name, record.first_batch, record.last_batch));
        if (found != observed.end()) observed.erase(found);
    }
    if (observed.empty()) return {};
    return fail(ErrorCode::corrupt,
                fmt::format("ledger {}: transfers of meter {} in the batches {} to {} are missing; "
                            "next: run `octroi audit`",
                            db.path(), observed.begin()->first.name, record.first_batch,
                            record.last_batch));
}

Status check_written(const Database& db, const CompactionRecord& record) {
    TRY_ASSIGN(auto find,
               Statement::prepare(
                   db,
                   "SELECT count(*), sum(bytes >> 32), sum(bytes & 4294967295), sum(packets >> "
                   "32), sum(packets & 4294967295), sum(flows >> 32), sum(flows & 4294967295) FROM "
                   "old_transfer WHERE compaction = ?1"));
    find.bind(1, record.number);
    TRY_ASSIGN([[maybe_unused]] const bool row, find.step());
    std::array<std::uint64_t, 4> expected{};
    for (const CompactedMeter& meter : record.meters) {
        expected[0] += meter.transfers.rows;
        expected[1] += meter.volume.bytes.value();
        expected[2] += meter.volume.packets.value();
        expected[3] += meter.volume.flows.value();
    }
    const auto sum_at = [&](int column) {
        return (find.figure(column) << 32U) + find.figure(column + 1);
    };
    TRY_ASSIGN(const auto cursors, kept_cursors(db, narrow<std::int64_t>(record.number)));
    if (expected == std::array{find.figure(0), sum_at(1), sum_at(3), sum_at(5)} &&
        kept_cursors_digest(cursors) == record.cursors)
        return {};
    return fail(ErrorCode::corrupt,
                fmt::format("ledger {}: the sums or cursors of compaction {} are not those that "
                            "were written, "
                            "so the transfers are kept; next: run `octroi audit`, and find out "
                            "which program writes to the ledger",
                            db.path(), record.number));
}

}  // namespace octroi::sqlite
