// SPDX-License-Identifier: GPL-3.0-or-later
#include "store/sqlite/day_sums.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <tuple>
#include <utility>

#include "store/sqlite/rows.hpp"

namespace octroi::sqlite {
namespace {

// The primary key of day_sum.
struct DayKey {
    std::int64_t day = 0;
    std::int64_t near = 0;
    std::int64_t outgoing = 0;
    std::int64_t far = 0;
    std::int64_t service = 0;
    std::int64_t meter = 0;

    auto operator<=>(const DayKey&) const = default;
};

struct DayKeyHash {
    std::size_t operator()(const DayKey& key) const noexcept {
        const auto u = [](std::int64_t v) { return static_cast<std::uint64_t>(v); };
        const std::uint64_t ends = mix(u(key.near) ^ mix_a, u(key.far) ^ mix_b);
        return mix(ends + u(key.service) * 2 + u(key.outgoing),
                   u(key.day) ^ mix_c ^ (u(key.meter) << 40U));
    }
};

using DayFigures = std::array<std::int64_t, day_figures>;

void add_figures(DayFigures& sum, const DayFigures& figures) noexcept {
    for (std::size_t i = 0; i < sum.size(); ++i) {
        const std::int64_t part = std::min(figures[i], day_figure_max);
        const bool is_full = sum[i] == day_figure_max || part == day_figure_max;
        sum[i] = is_full ? day_figure_max : std::min(sum[i] + part, day_figure_max);
    }
}

// A batch that the sums lack.
struct PendingBatch {
    std::int64_t number = 0;
    std::int64_t meter = 0;
    std::int64_t first = 0;
    std::int64_t transfers = 0;
    bool is_sampled = false;
};

Result<std::vector<PendingBatch>> pending_batches(const Database& db) {
    TRY_ASSIGN(auto find, Statement::prepare(db,
                                             "SELECT number, meter, first_transfer, transfers, "
                                             "sampled FROM batch WHERE number > (SELECT batches "
                                             "FROM day_state) ORDER BY number"));
    std::vector<PendingBatch> pending;
    while (true) {
        TRY_ASSIGN(const bool row, find.step());
        if (!row) return pending;
        pending.push_back(
            {find.number(0), find.number(1), find.number(2), find.number(3), find.number(4) != 0});
    }
}

// Without a look at the batches in between: transfers have consecutive numbers.
Result<std::int64_t> count_pending(const Database& db) {
    return db.number(
        "SELECT coalesce((SELECT first_transfer + transfers FROM batch ORDER BY number DESC LIMIT "
        "1) - (SELECT first_transfer FROM batch WHERE number > (SELECT batches FROM day_state) "
        "ORDER BY number LIMIT 1), 0)");
}

constexpr std::size_t upsert_rows = 16;
constexpr int upsert_columns = 6 + static_cast<int>(day_figures);

Result<Statement> prepare_upsert(const Database& db, std::size_t rows) {
    std::string sql = "INSERT INTO day_sum VALUES ";
    for (std::size_t i = 0; i < rows; ++i)
        sql += i == 0 ? "(?,?,?,?,?,?,?,?,?,?,?,?,?)" : ",(?,?,?,?,?,?,?,?,?,?,?,?,?)";
    sql += " ON CONFLICT DO UPDATE SET ";
    // A sum that does not fit stays at the limit.
    for (const char* column : {"bytes", "packets", "flows", "scaled_bytes", "scaled_packets",
                               "bytes_variance", "packets_variance"})
        sql += fmt::format("{0}{1} = iif({1} = {2}, {2}, min({1} + excluded.{1}, {2}))",
                           std::string_view(column) == "bytes" ? "" : ", ", column, day_figure_max);
    return Statement::prepare(db, sql);
}

void bind_row(Statement& to, int at, const DayKey& key, const DayFigures& figures) {
    for (const std::int64_t value :
         {key.day, key.near, key.outgoing, key.far, key.service, key.meter})
        to.bind(++at, value);
    for (const std::int64_t value : figures) to.bind(++at, value);
}

}  // namespace

// Sums of the pending batches, in memory and then in the table.
class DaySums::Adder {
public:
    Adder(DaySums& days, const Database& db) : days_(days), db_(db) {}

    [[nodiscard]] Status prepare() {
        TRY_ASSIGN(transfers_,
                   Statement::prepare(db_,
                                      "SELECT bucket, from_party, to_party, service, bytes, "
                                      "packets, flows, transfer_id FROM transfer WHERE transfer_id "
                                      ">= ?1 AND transfer_id < ?2 ORDER BY transfer_id"));
        TRY_ASSIGN(sampled_,
                   Statement::prepare(db_,
                                      "SELECT bytes, packets, bytes_variance, packets_variance "
                                      "FROM sampled WHERE transfer = ?1"));
        TRY_ASSIGN(end_, Statement::prepare(db_,
                                            "SELECT p.holder, h.kind FROM party p JOIN holder h "
                                            "ON h.holder_id = p.holder WHERE p.party_id = ?1"));
        return {};
    }
    [[nodiscard]] Status add(const PendingBatch& batch) {
        transfers_.bind(1, batch.first);
        transfers_.bind(2, batch.first + batch.transfers);
        while (true) {
            TRY_ASSIGN(const bool row, transfers_.step());
            if (!row) return {};
            TRY(add_transfer(batch));
        }
    }
    // In the order of the key, so that neighbours in the table are written together.
    [[nodiscard]] Status write() {
        std::vector<std::pair<DayKey, DayFigures>> rows(sums_.begin(), sums_.end());
        std::sort(rows.begin(), rows.end());
        std::size_t at = 0;
        for (const std::size_t together : {upsert_rows, std::size_t{1}}) {
            TRY_ASSIGN(auto upsert, prepare_upsert(db_, together));
            for (; rows.size() - at >= together; at += together) {
                for (std::size_t i = 0; i < together; ++i)
                    bind_row(upsert, static_cast<int>(i) * upsert_columns, rows[at + i].first,
                             rows[at + i].second);
                TRY(upsert.run());
            }
        }
        return {};
    }

private:
    [[nodiscard]] Status add_transfer(const PendingBatch& batch) {
        TRY_ASSIGN(const BucketRange day, days_.day_at(transfers_.number(0)));
        TRY_ASSIGN(const End from, days_.end_of(end_, transfers_.number(1)));
        TRY_ASSIGN(const End to, days_.end_of(end_, transfers_.number(2)));
        DayFigures figures{transfers_.number(4), transfers_.number(5), transfers_.number(6)};
        if (batch.is_sampled) TRY(add_sampled(figures));
        const std::int64_t service = transfers_.number(3);
        if (from.is_local || !to.is_local)
            add_figures(sums_[{day.begin, from.holder, 1, to.holder, service, batch.meter}],
                        figures);
        if (to.is_local)
            add_figures(sums_[{day.begin, to.holder, 0, from.holder, service, batch.meter}],
                        figures);
        return {};
    }
    [[nodiscard]] Status add_sampled(DayFigures& figures) {
        sampled_.bind(1, transfers_.number(7));
        TRY_ASSIGN(const bool row, sampled_.step());
        if (row) {
            figures[3] = figures[0] - sampled_.number(0);
            figures[4] = figures[1] - sampled_.number(1);
            figures[5] = sampled_.number(2);
            figures[6] = sampled_.number(3);
        }
        sampled_.reset();
        return {};
    }

    DaySums& days_;
    const Database& db_;
    Statement transfers_;
    Statement sampled_;
    Statement end_;
    boost::unordered_flat_map<DayKey, DayFigures, DayKeyHash> sums_;
};

DaySums::DaySums(const Database& db, std::function<Interval(UtcTime)> day_of)
    : db_(db), day_of_(std::move(day_of)) {
    if (!day_of_)
        day_of_ = [](UtcTime t) {
            constexpr std::int64_t day_ns = Duration::hours(24).ns;
            const std::int64_t begin = t.ns - ((t.ns % day_ns) + day_ns) % day_ns;
            return Interval{UtcTime{begin}, UtcTime{begin + day_ns}};
        };
}

Status DaySums::catch_up(std::int64_t least) {
    TRY_ASSIGN(std::int64_t pending, count_pending(db_));
    if (pending < least || pending == 0) return {};
    TRY_ASSIGN(auto transaction, Transaction::begin(db_, Transaction::Kind::write));
    // Again, under the write lock: another process may have done it meanwhile.
    TRY_ASSIGN(pending, count_pending(db_));
    if (pending < least || pending == 0) return {};
    TRY_ASSIGN(const std::vector<PendingBatch> batches, pending_batches(db_));
    // Days of a transaction that was rolled back, and parties: they may not exist.
    last_day_ = {};
    Adder adder(*this, db_);
    TRY(adder.prepare());
    for (const PendingBatch& batch : batches) TRY(adder.add(batch));
    TRY(adder.write());
    TRY_ASSIGN(auto move, Statement::prepare(db_, "UPDATE day_state SET batches = ?1"));
    move.bind(1, batches.back().number);
    TRY(move.run());
    return transaction.commit();
}

Status DaySums::clear() {
    last_day_ = {};
    return db_.run("DELETE FROM day_sum; DELETE FROM day; UPDATE day_state SET batches = 0");
}

Result<BucketRange> DaySums::day_at(std::int64_t bucket) {
    if (last_day_.begin <= bucket && bucket < last_day_.end) return last_day_;
    TRY_ASSIGN(auto find, Statement::prepare(
                              db_, "SELECT begin, end FROM day WHERE begin <= ?1 AND end > ?1"));
    find.bind(1, bucket);
    TRY_ASSIGN(const bool found, find.step());
    if (found) {
        last_day_ = {find.number(0), find.number(1)};
        return last_day_;
    }
    TRY_ASSIGN(last_day_, insert_day(bucket));
    return last_day_;
}

// Where the days were of another zone before, a new one is shortened: days do not overlap.
Result<BucketRange> DaySums::insert_day(std::int64_t bucket) {
    const Interval asked = day_of_(bucket_time(bucket));
    BucketRange day{std::min(bucket_number(asked.begin), bucket),
                    std::max(bucket_number(asked.end), bucket + 1)};
    TRY_ASSIGN(auto before, Statement::prepare(db_, "SELECT max(end) FROM day WHERE end <= ?1"));
    before.bind(1, bucket);
    TRY_ASSIGN([[maybe_unused]] const bool is_before, before.step());
    if (!before.is_null(0)) day.begin = std::max(day.begin, before.number(0));
    before.reset();
    TRY_ASSIGN(auto after, Statement::prepare(db_, "SELECT min(begin) FROM day WHERE begin > ?1"));
    after.bind(1, bucket);
    TRY_ASSIGN([[maybe_unused]] const bool is_after, after.step());
    if (!after.is_null(0)) day.end = std::min(day.end, after.number(0));
    after.reset();
    TRY_ASSIGN(auto insert, Statement::prepare(db_, "INSERT INTO day VALUES (?1, ?2)"));
    insert.bind(1, day.begin);
    insert.bind(2, day.end);
    TRY(insert.run());
    return day;
}

Result<DaySums::End> DaySums::end_of(Statement& find, std::int64_t party) {
    const auto index = static_cast<std::size_t>(party);
    if (party >= 0 && index < ends_.size() && ends_[index].holder != 0) return ends_[index];
    find.bind(1, party);
    TRY_ASSIGN(const bool found, find.step());
    if (!found)
        return fail(ErrorCode::corrupt,
                    fmt::format("ledger {}: party {} is missing; next: run `octroi audit`",
                                db_.path(), party));
    const auto kind = enum_from<PartyKind>(find, 1);
    const End end{find.number(0), kind == PartyKind::account || kind == PartyKind::unattributed};
    find.reset();
    // The bound limits the memory that a wrong number in a damaged ledger can allocate.
    if (party >= 0 && index < (std::size_t{1} << 28U)) {
        if (index >= ends_.size()) ends_.resize(std::max(index + 1, ends_.size() * 2));
        ends_[index] = end;
    }
    return end;
}

}  // namespace octroi::sqlite
