// SPDX-License-Identifier: GPL-3.0-or-later
// The state of each meter. Its volume is the sum of the observed volumes of its batches. By
// conservation that is the sum of their transfers, so no transfer needs to be read.
#include <fmt/format.h>

#include <map>

#include "base/saturated_sum.hpp"
#include "record/loss_unit.hpp"
#include "store/sqlite/rows.hpp"
#include "store/sqlite/sqlite_ledger.hpp"

namespace octroi {
namespace {

using sqlite::Statement;
using States = std::map<std::string, MeterState>;

// SQLite refuses a sum above 2^63-1, which forged volumes reach. So it sums the two halves of the
// figures, in `column` and the next one. A sum above 64 bits stays at the highest value.
std::uint64_t sum_of_halves(const Statement& row, int column) {
    const std::uint64_t high = row.figure(column);
    if (high > UINT32_MAX) return UINT64_MAX;
    return checked_add(high << 32U, row.figure(column + 1)).value_or(UINT64_MAX);
}

Status read_batches(const sqlite::Database& db, States& states) {
    // Observations only: a correction is not a sign of life of a meter, and its volume is zero. A
    // user may have changed the kind or the role of a meter, which then has several rows. Sorted
    // by newest batch, so that the last row wins.
    TRY_ASSIGN(
        auto find,
        Statement::prepare(
            db,
            "SELECT m.name, m.kind, m.role, m.layer, g.batches, n.booked_at, g.last_traffic, "
            "g.b1, g.b0, g.p1, g.p0, g.f1, g.f0 FROM (SELECT meter, count(*) AS batches, "
            "max(number) AS newest, max(last_traffic) AS last_traffic, "
            "sum(observed_bytes >> 32) AS b1, sum(observed_bytes & 4294967295) AS b0, "
            "sum(observed_packets >> 32) AS p1, sum(observed_packets & 4294967295) AS p0, "
            "sum(observed_flows >> 32) AS f1, sum(observed_flows & 4294967295) AS f0 "
            "FROM batch WHERE kind = 1 GROUP BY meter) g JOIN batch n ON "
            "n.number = g.newest JOIN meter m ON m.meter_id = g.meter "
            "ORDER BY g.newest"));
    while (true) {
        TRY_ASSIGN(const bool row, find.step());
        if (!row) return {};
        MeterState& state = states[find.text(0)];
        state.meter = {find.text(0), find.text(1), sqlite::enum_from<MeterRole>(find, 2),
                       sqlite::enum_from<Layer>(find, 3)};
        state.batches += find.figure(4);
        state.last_booked = find.time(5);
        if (!find.is_null(6)) state.last_traffic = std::max(state.last_traffic, find.time(6));
        add_saturated(state.volume, {Bytes(sum_of_halves(find, 7)), Packets(sum_of_halves(find, 9)),
                                     Flows(sum_of_halves(find, 11))});
    }
}

// Their numbers, with commas between them.
std::string packet_reasons() {
    std::string numbers;
    for (int reason = 1; reason <= static_cast<int>(last_loss_reason); ++reason)
        if (counts_packets(static_cast<LossReason>(reason)))
            numbers += fmt::format("{}{}", numbers.empty() ? "" : ", ", reason);
    return numbers;
}

Status read_losses(const sqlite::Database& db, States& states) {
    // Of reasons that count packets (record/loss_unit.hpp).
    TRY_ASSIGN(auto find,
               Statement::prepare(
                   db, fmt::format("SELECT m.name, count(*), sum(iif(l.reason IN ({0}), l.packets, "
                                   "0) >> 32), sum(iif(l.reason IN ({0}), l.packets, 0) & "
                                   "4294967295) FROM loss l JOIN batch b ON b.number = l.batch "
                                   "JOIN meter m ON m.meter_id = b.meter GROUP BY 1",
                                   packet_reasons())));
    while (true) {
        TRY_ASSIGN(const bool row, find.step());
        if (!row) return {};
        MeterState& state = states[find.text(0)];
        state.losses = find.figure(1);
        state.lost_packets = sum_of_halves(find, 2);
    }
}

}  // namespace

Result<std::vector<MeterState>> SqliteLedger::meters() {
    TRY_ASSIGN(auto transaction, sqlite::Transaction::begin(db_, sqlite::Transaction::Kind::read));
    States states;
    TRY(read_batches(db_, states));
    TRY(read_losses(db_, states));
    TRY_ASSIGN(auto cursors, current_cursors());
    for (auto& [meter, cursor] : cursors) states[meter].cursors.push_back(std::move(cursor));
    std::vector<MeterState> result;
    for (auto& [name, state] : states) result.push_back(std::move(state));
    return result;
}

Result<std::vector<MeterLoss>> SqliteLedger::losses(Interval period) {
    TRY_ASSIGN(auto find,
               Statement::prepare(db_,
                                  "SELECT m.name, l.source, l.reason, l.begin_at, l.end_at, "
                                  "l.packets, l.bytes_bound FROM loss l JOIN batch b ON "
                                  "b.number = l.batch JOIN meter m ON m.meter_id = b.meter "
                                  "WHERE l.begin_at < ?2 AND (l.begin_at >= ?1 OR l.end_at > ?1) "
                                  "ORDER BY l.begin_at, l.batch, l.number"));
    find.bind(1, period.begin);
    find.bind(2, period.end);
    std::vector<MeterLoss> losses;
    while (true) {
        TRY_ASSIGN(const bool row, find.step());
        if (!row) return losses;
        MeterLoss loss;
        loss.meter = find.text(0);
        loss.loss = {find.text(1),
                     sqlite::enum_from<LossReason>(find, 2),
                     {find.time(3), find.time(4)},
                     find.optional_figure(5),
                     find.optional_figure(6)};
        losses.push_back(std::move(loss));
    }
}

}  // namespace octroi
