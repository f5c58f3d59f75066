// SPDX-License-Identifier: GPL-3.0-or-later
#include "store/sqlite/day_sums.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <boost/unordered/unordered_flat_map.hpp>
#include <utility>
#include <vector>

#include "host/random.hpp"

namespace octroi::sqlite {
namespace {

void add_figures(DayFigures& sum, const DayFigures& figures) noexcept {
    for (std::size_t i = 0; i < sum.size(); ++i) {
        const std::int64_t part = std::clamp(figures[i], -day_figure_max, day_figure_max);
        const bool is_full = sum[i] == day_figure_max || part == day_figure_max;
        sum[i] = is_full ? day_figure_max : std::min(sum[i] + part, day_figure_max);
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

// In the order of the key, so that neighbours in the table are written together.
Status write_sums(const Database& db, std::vector<std::pair<DayKey, DayFigures>> rows) {
    std::sort(rows.begin(), rows.end());
    std::size_t at = 0;
    for (const std::size_t together : {upsert_rows, std::size_t{1}}) {
        TRY_ASSIGN(auto upsert, prepare_upsert(db, together));
        for (; rows.size() - at >= together; at += together) {
            for (std::size_t i = 0; i < together; ++i)
                bind_row(upsert, static_cast<int>(i) * upsert_columns, rows[at + i].first,
                         rows[at + i].second);
            TRY(upsert.run());
        }
    }
    return {};
}

Result<std::int64_t> summed_batches(const Database& db) {
    return db.number("SELECT batches FROM day_state");
}

Status set_summed(const Database& db, std::int64_t batches) {
    TRY_ASSIGN(auto move, Statement::prepare(db, "UPDATE day_state SET batches = ?1"));
    move.bind(1, batches);
    return move.run();
}

// A linear hash: the sum over rows of figure times a random odd factor of key and column, modulo
// 2^64. It is the same for rows and for sums of them.
class LinearHash {
public:
    void add(const DayKey& key, const DayFigures& figures) noexcept {
        std::uint64_t place = seed_;
        for (const std::int64_t part :
             {key.day, key.near, key.outgoing, key.far, key.service, key.meter})
            place = mix(place ^ static_cast<std::uint64_t>(part), mix_b) + seed_;
        for (std::size_t i = 0; i < figures.size(); ++i) {
            if (figures[i] == 0) continue;
            const std::uint64_t factor = mix(place + i * mix_c, mix_a) | 1U;
            sum_ += static_cast<std::uint64_t>(figures[i]) * factor;
        }
    }
    void subtract(const DayKey& key, DayFigures figures) noexcept {
        for (std::int64_t& figure : figures) figure = wrapped_difference(0, figure);
        add(key, figures);
    }
    [[nodiscard]] bool is_zero() const noexcept { return sum_ == 0; }

private:
    std::uint64_t seed_ = random_seed();
    std::uint64_t sum_ = 0;
};

// Subtracts the rows of the table. False: a figure is at its limit, so nothing can be said.
Result<bool> subtract_sums(const Database& db, LinearHash& hash) {
    TRY_ASSIGN(auto find, Statement::prepare(db,
                                             "SELECT day, near, outgoing, far, service, meter, "
                                             "bytes, packets, flows, scaled_bytes, "
                                             "scaled_packets, bytes_variance, packets_variance "
                                             "FROM day_sum"));
    while (true) {
        TRY_ASSIGN(const bool row, find.step());
        if (!row) return true;
        const DayKey key{find.number(0), find.number(1), find.number(2),
                         find.number(3), find.number(4), find.number(5)};
        DayFigures figures{};
        for (std::size_t i = 0; i < figures.size(); ++i)
            figures[i] = find.number(6 + static_cast<int>(i));
        if (std::ranges::find(figures, day_figure_max) != figures.end()) return false;
        hash.subtract(key, figures);
    }
}

}  // namespace

DaySums::DaySums(const Database& db, std::function<Interval(UtcTime)> day_of)
    : db_(db),
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
    boost::unordered_flat_map<DayKey, DayFigures, DayKeyHash> sums;
    TRY_ASSIGN(const std::int64_t done,
               rows_.read(summed, last, [&](const DayKey& key, const DayFigures& figures) {
                   add_figures(sums[key], figures);
               }));
    TRY(write_sums(db_, {sums.begin(), sums.end()}));
    TRY(set_summed(db_, done));
    TRY(transaction.commit());
    return done < last;
}

Status DaySums::rebuild() {
    TRY_ASSIGN(auto transaction, Transaction::begin(db_, Transaction::Kind::write));
    // The days stay: old sums by hour and day are those of these days.
    TRY(db_.run("DELETE FROM day_sum; DELETE FROM day_state; INSERT INTO day_state VALUES (1, 0)"));
    TRY(transaction.commit());
    return catch_up();
}

Result<bool> DaySums::check() {
    last_day_ = {};
    // The table and the number of its batches are read in one transaction. The batches do not
    // change, so they may be read later.
    LinearHash hash;
    TRY_ASSIGN(auto state, Transaction::begin(db_, Transaction::Kind::read));
    TRY_ASSIGN(const std::int64_t summed, summed_batches(db_));
    TRY_ASSIGN(const bool comparable, subtract_sums(db_, hash));
    TRY(state.commit());
    if (!comparable) return true;
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
