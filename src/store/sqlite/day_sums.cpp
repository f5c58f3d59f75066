// SPDX-License-Identifier: GPL-3.0-or-later
#include "store/sqlite/day_sums.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <utility>
#include <vector>

#include "store/sqlite/day_upsert.hpp"

namespace octroi::sqlite {
namespace {

// Without a look at the batches in between: transfers have consecutive numbers.
Result<std::int64_t> count_pending(const Database& db) {
    return db.number(
        "SELECT coalesce((SELECT first_transfer + transfers FROM batch ORDER BY number DESC LIMIT "
        "1) - (SELECT first_transfer FROM batch WHERE number > (SELECT batches FROM day_state) "
        "ORDER BY number LIMIT 1), 0)");
}

Result<std::int64_t> summed_batches(const Database& db) {
    return db.number("SELECT batches FROM day_state");
}

Status set_summed(const Database& db, std::int64_t batches) {
    TRY_ASSIGN(auto move, Statement::prepare(db, "UPDATE day_state SET batches = ?1"));
    move.bind(1, batches);
    return move.run();
}

// The figures of a row, from a column on; false: one is at its limit, so nothing can be said.
bool read_figures(const Statement& row, int column, DayFigures& figures) {
    for (std::int64_t& figure : figures) figure = row.number(column++);
    return std::ranges::find(figures, day_figure_max) == figures.end();
}

}  // namespace

DaySums::DaySums(const Database& db, std::function<Interval(UtcTime)> day_of)
    : db_(db),
      ends_(db),
      day_of_(std::move(day_of)),
      rows_(db, [this](std::int64_t bucket) { return day_at(bucket); }) {
    if (!day_of_)
        day_of_ = [](UtcTime t) {
            const UtcTime begin = bucket_start(t, Duration::hours(24));
            return Interval{begin, begin + Duration::hours(24)};
        };
}

Status DaySums::catch_up() {
    for (bool more = true; more;) {
        TRY_ASSIGN(more, add_slice(1));
    }
    return {};
}

Result<bool> DaySums::add_slice(std::int64_t least) {
    TRY_ASSIGN(std::int64_t pending, count_pending(db_));
    if (pending < least || pending == 0) return false;
    TRY_ASSIGN(auto transaction, Transaction::begin(db_, Transaction::Kind::write));
    // Again, under the write lock: another process may have done it meanwhile.
    TRY_ASSIGN(pending, count_pending(db_));
    if (pending < least || pending == 0) return false;
    TRY_ASSIGN(const std::int64_t summed, summed_batches(db_));
    TRY_ASSIGN(const std::int64_t last, db_.number("SELECT coalesce(max(number), 0) FROM batch"));
    // It may be a day of a transaction that was rolled back.
    last_day_ = {};
    Sums sums;
    TRY_ASSIGN(const std::int64_t done,
               rows_.read(summed, last, [&](const DayKey& key, const DayFigures& figures) {
                   add_figures(sums[key], figures);
               }));
    TRY(write(sums));
    TRY(set_summed(db_, done));
    TRY(transaction.commit());
    return done < last;
}

Status DaySums::write(const Sums& sums) {
    boost::unordered_flat_map<DayEndKey, DayFigures, DayEndKeyHash> by_end;
    for (const auto& [key, figures] : sums) {
        TRY_ASSIGN(const auto row, ends_.row_of(key));
        if (row) add_figures(by_end[*row], figures);
    }
    TRY(upsert_day_rows<DayKey>(db_, {sums.begin(), sums.end()}));
    return upsert_day_rows<DayEndKey>(db_, {by_end.begin(), by_end.end()});
}

Status DaySums::rebuild() {
    TRY_ASSIGN(auto transaction, Transaction::begin(db_, Transaction::Kind::write));
    // The days stay: old sums by hour and day are those of these days.
    TRY(
        db_.run("DELETE FROM day_sum; DELETE FROM day_end; DELETE FROM day_state; INSERT INTO "
                "day_state VALUES (1, 0)"));
    TRY(transaction.commit());
    return catch_up();
}

Result<DaySums::Compared> DaySums::subtract_sums(LinearHash& hash, LinearHash& end_hash) {
    TRY_ASSIGN(auto find, Statement::prepare(db_,
                                             "SELECT day, near, outgoing, far, service, meter, "
                                             "bytes, packets, flows, scaled_bytes, "
                                             "scaled_packets, bytes_variance, packets_variance "
                                             "FROM day_sum"));
    DayFigures figures{};
    while (true) {
        TRY_ASSIGN(const bool more, find.step());
        if (!more) break;
        const DayKey key{find.number(0), find.number(1), find.number(2),
                         find.number(3), find.number(4), find.number(5)};
        if (!read_figures(find, 6, figures)) return Compared::at_limit;
        hash.subtract(key, figures);
        const auto row = ends_.row_of(key);
        if (!row && row.error().code == ErrorCode::corrupt) return Compared::differ;
        if (!row) return std::unexpected(row.error());
        if (*row) end_hash.add(**row, figures);
    }
    TRY_ASSIGN(auto ends, Statement::prepare(db_,
                                             "SELECT day, near, ends, far_kind, meter, bytes, "
                                             "packets, flows, scaled_bytes, scaled_packets, "
                                             "bytes_variance, packets_variance FROM day_end"));
    while (true) {
        TRY_ASSIGN(const bool more, ends.step());
        if (!more) return end_hash.is_zero() ? Compared::equal : Compared::differ;
        if (!read_figures(ends, 5, figures)) return Compared::equal;
        end_hash.subtract(DayEndKey{ends.number(0), ends.number(1), ends.number(2), ends.number(3),
                                    ends.number(4)},
                          figures);
    }
}

Result<bool> DaySums::check() {
    last_day_ = {};
    // The tables and the number of their batches are read in one transaction. The batches do not
    // change, so they may be read later.
    LinearHash hash;
    LinearHash end_hash;
    TRY_ASSIGN(auto state, Transaction::begin(db_, Transaction::Kind::read));
    TRY_ASSIGN(const std::int64_t summed, summed_batches(db_));
    TRY_ASSIGN(const Compared compared, subtract_sums(hash, end_hash));
    TRY(state.commit());
    if (compared != Compared::equal) return compared == Compared::at_limit;
    DayRows rows(db_, [this](std::int64_t bucket) -> Result<BucketRange> {
        TRY_ASSIGN(const auto day, find_day(bucket));
        if (day) return *day;
        return fail(ErrorCode::corrupt, "a day is missing");
    });
    for (std::int64_t done = 0; done < summed;) {
        TRY_ASSIGN(auto transaction, Transaction::begin(db_, Transaction::Kind::read));
        const auto read = rows.read(
            done, summed,
            [&](const DayKey& key, const DayFigures& figures) { hash.add(key, figures); });
        // A name or a day that is missing.
        if (!read && read.error().code == ErrorCode::corrupt) return false;
        TRY_ASSIGN(done, read);
        TRY(transaction.commit());
    }
    return hash.is_zero();
}

Result<std::optional<BucketRange>> DaySums::find_day(std::int64_t bucket) {
    if (last_day_.contains(bucket)) return last_day_;
    TRY_ASSIGN(auto find, Statement::prepare(db_,
                                             "SELECT begin, end FROM day WHERE begin <= ?1 ORDER "
                                             "BY begin DESC LIMIT 1"));
    find.bind(1, bucket);
    TRY_ASSIGN(const bool found, find.step());
    if (!found || bucket >= find.number(1)) return std::nullopt;
    last_day_ = {find.number(0), find.number(1)};
    return last_day_;
}

Result<BucketRange> DaySums::day_at(std::int64_t bucket) {
    TRY_ASSIGN(const auto found, find_day(bucket));
    if (found) return *found;
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

}  // namespace octroi::sqlite
