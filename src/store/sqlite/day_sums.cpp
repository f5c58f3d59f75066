// SPDX-License-Identifier: GPL-3.0-or-later
#include "store/sqlite/day_sums.hpp"

#include <fmt/format.h>
#include <fmt/ranges.h>

#include <algorithm>
#include <array>
#include <chrono>
#include <utility>
#include <vector>

#include "store/sqlite/day_upsert.hpp"
#include "store/sqlite/slice_rest.hpp"
#include "store/sqlite/writer.hpp"

namespace octroi::sqlite {
namespace {

// Written in one transaction. Of long work: few, as others are to get their turn. Of a commit:
// more, as sums in the same pages of the table are then written together.
constexpr std::size_t sums_at_once = 5000;
constexpr std::size_t sums_of_commit = 50'000;
constexpr std::int64_t emptied_at_once = 5000;
// Read in one transaction: some 50 ms.
constexpr std::int64_t read_at_once = 50'000;
// Batches with few transfers are added too, when so many wait.
constexpr std::int64_t batches_wait = 2000;

// What the sums lack.
struct Waiting {
    std::int64_t batches = 0;
    std::int64_t transfers = 0;
    bool emptying = false;  // the sums are to be made again

    [[nodiscard]] bool any() const { return emptying || batches > 0; }
    [[nodiscard]] bool many(std::int64_t least) const {
        return emptying || batches >= batches_wait || (batches > 0 && transfers >= least);
    }
};

// Without a look at the batches in between: transfers have consecutive numbers.
Result<Waiting> find_waiting(const Database& db) {
    TRY_ASSIGN(const DayPosition summed, day_state(db));
    if (is_emptying(summed)) return Waiting{.emptying = true};
    TRY_ASSIGN(const std::int64_t last, db.number("SELECT coalesce(max(number), 0) FROM batch"));
    Waiting waiting{.batches = last - summed.batches};
    if (waiting.batches <= 0) return waiting;
    TRY_ASSIGN(const std::int64_t transfers,
               db.number("SELECT (SELECT first_transfer + transfers FROM batch ORDER BY number "
                         "DESC LIMIT 1) - (SELECT first_transfer FROM batch WHERE number > (SELECT "
                         "batches FROM day_state) ORDER BY number LIMIT 1)"));
    waiting.transfers = transfers - summed.rows;
    return waiting;
}

Status set_state(const Database& db, const DayPosition& summed) {
    TRY_ASSIGN(auto move, Statement::prepare(db, "UPDATE day_state SET batches = ?1, rows = ?2"));
    move.bind(1, summed.batches);
    move.bind(2, summed.rows);
    return move.run();
}

DayKey day_key_from(const std::array<std::int64_t, key_columns<DayKey>>& p) {
    return {p[0], p[1], p[2], p[3], p[4], p[5]};
}
DayEndKey day_end_key_from(const std::array<std::int64_t, key_columns<DayEndKey>>& p) {
    return {p[0], p[1], p[2], p[3], p[4]};
}

// How the sums are read: in one transaction, which the caller has begun, or in slices that are a
// transaction each. Then nothing must change the sums meanwhile.
enum class Reading : std::uint8_t { together, in_slices };

// Calls visit(parts of the key, figures) for each row of the table of the key.
template <typename Key, typename Visit>
Status each_sum(const Database& db, Reading reading, Visit visit) {
    std::array<std::int64_t, key_columns<Key>> key{};
    key.fill(INT64_MIN);
    TRY_ASSIGN(auto find,
               Statement::prepare(
                   db, fmt::format("SELECT {0}, {1} FROM {2} WHERE ({0}) > ({3}) "
                                   "ORDER BY {0} LIMIT {4}",
                                   Key::columns, fmt::join(day_figure_columns, ", "), Key::table,
                                   fmt::join(std::vector<std::string_view>(key.size(), "?"), ", "),
                                   reading == Reading::together ? -1 : read_at_once)));
    while (true) {
        std::optional<Transaction> transaction;
        if (reading == Reading::in_slices) {
            TRY_ASSIGN(auto slice, Transaction::begin(db, Transaction::Kind::read));
            transaction.emplace(std::move(slice));
        }
        for (std::size_t i = 0; i < key.size(); ++i) find.bind(static_cast<int>(i) + 1, key[i]);
        std::int64_t rows = 0;
        for (;; ++rows) {
            TRY_ASSIGN(const bool more, find.step());
            if (!more) break;
            int column = 0;
            for (std::int64_t& part : key) part = find.number(column++);
            DayFigures figures{};
            for (std::int64_t& figure : figures) figure = find.number(column++);
            const Status done = visit(key, figures);
            if (!done) find.reset();
            TRY(done);
        }
        if (transaction) TRY(transaction->commit());
        if (reading == Reading::together || rows < read_at_once) return {};
    }
}

bool is_limited(const DayFigures& figures) {
    return std::ranges::find(figures, day_figure_max) != figures.end();
}

}  // namespace

Result<DayPosition> day_state(const Database& db) {
    TRY_ASSIGN(auto find, Statement::prepare(db, "SELECT batches, rows FROM day_state"));
    TRY_ASSIGN(const bool found, find.step());
    return found ? DayPosition{find.number(0), find.number(1)} : DayPosition{};
}

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

Status DaySums::catch_up(const std::function<bool()>& go_on) {
    SliceRest rest;
    while (true) {
        TRY_ASSIGN(const bool more,
                   rest.run([&] { return add_slice(Transaction::Kind::write, sums_at_once); }));
        if (!more || (go_on && !go_on())) return {};
    }
}

Status DaySums::add_pending(std::int64_t least) {
    // The more waits, the longer: a meter that commits many transfers at a time is to keep up.
    constexpr auto time_for_least = std::chrono::milliseconds(100);
    constexpr std::int64_t times_max = 20;
    const auto begin = std::chrono::steady_clock::now();
    TRY_ASSIGN(Waiting waiting, find_waiting(db_));
    if (!waiting.many(least)) return {};
    const auto time_max =
        time_for_least * std::clamp<std::int64_t>(waiting.transfers / least, 1, times_max);
    while (waiting.any() && std::chrono::steady_clock::now() - begin < time_max) {
        TRY_ASSIGN(const bool others_do, is_compacting(db_));
        if (others_do) return {};
        TRY(add_slice(Transaction::Kind::try_write, sums_of_commit));
        TRY_ASSIGN(waiting, find_waiting(db_));
    }
    return {};
}

Result<bool> DaySums::add_slice(Transaction::Kind kind, std::size_t sums_max) {
    TRY_ASSIGN(auto transaction, Transaction::begin(db_, kind));
    TRY_ASSIGN(const Waiting waiting, find_waiting(db_));
    if (!waiting.any()) return false;
    TRY_ASSIGN(const DayPosition summed, day_state(db_));
    if (is_emptying(summed)) {
        TRY(empty_slice());
        TRY(transaction.commit());
        return true;
    }
    TRY_ASSIGN(const std::int64_t last, db_.number("SELECT coalesce(max(number), 0) FROM batch"));
    // It may be a day of a transaction that was rolled back.
    last_day_ = {};
    Sums sums;
    auto done = rows_.read(summed, {last, 0}, [&](const DayKey& key, const DayFigures& figures) {
        add_figures(sums[key], figures);
        return sums.size() < sums_max;
    });
    // Only batches that are in the sums are compacted, and no sums are made again meanwhile.
    if (!done && done.error().code == ErrorCode::conflict) done.error().code = ErrorCode::corrupt;
    TRY(done);
    TRY(write(sums));
    TRY(set_state(db_, *done));
    TRY(transaction.commit());
    return *done < DayPosition{last, 0};
}

Status DaySums::empty_slice() {
    TRY_ASSIGN(auto remove_sums,
               Statement::prepare(
                   db_,
                   "DELETE FROM day_sum WHERE (day, near, outgoing, far, service, meter) IN "
                   "(SELECT day, near, outgoing, far, service, meter FROM day_sum LIMIT ?1)"));
    TRY_ASSIGN(auto remove_ends,
               Statement::prepare(db_,
                                  "DELETE FROM day_end WHERE (day, near, ends, far_kind, meter) IN "
                                  "(SELECT day, near, ends, far_kind, meter FROM day_end LIMIT "
                                  "?1)"));
    for (Statement* remove : {&remove_sums, &remove_ends}) {
        remove->bind(1, emptied_at_once);
        TRY(remove->run());
        if (sqlite3_changes64(db_.handle()) > 0) return {};
    }
    return set_state(db_, {});
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
    // The days stay: old sums by hour and day are those of these days. From now on no question
    // reads the sums.
    TRY(db_.run("DELETE FROM day_state; INSERT INTO day_state VALUES (1, 0, -1)"));
    TRY(transaction.commit());
    return catch_up({});
}

Result<DaySums::Hashes> DaySums::hash_sums(bool in_slices) {
    const Reading reading = in_slices ? Reading::in_slices : Reading::together;
    // A figure at its limit is left out, and so are all that it consists of. Few ledgers have one,
    // so it is looked for only if there is one.
    bool has_limits = false;
    Hashes hashes;
    const auto subtract_all = [&]() -> Status {
        TRY(each_sum<DayKey>(db_, reading, [&](const auto& parts, const auto& figures) -> Status {
            const DayKey key = day_key_from(parts);
            has_limits = has_limits || is_limited(figures);
            hashes.of_rows.subtract(key, figures);
            TRY_ASSIGN(const auto row, ends_.row_of(key));
            if (row) hashes.of_ends.add(*row, figures);
            return {};
        }));
        return each_sum<DayEndKey>(db_, reading, [&](const auto& parts, const auto& figures) {
            has_limits = has_limits || is_limited(figures);
            hashes.of_ends.subtract(day_end_key_from(parts), figures);
            return Status{};
        });
    };
    TRY(subtract_all());
    if (!has_limits) return hashes;
    hashes = {};
    TRY(each_sum<DayKey>(db_, reading, [&](const auto& parts, const auto& figures) -> Status {
        if (!is_limited(figures)) return {};
        const DayKey key = day_key_from(parts);
        hashes.of_rows.pass_over(key, figures);
        TRY_ASSIGN(const auto row, ends_.row_of(key));
        if (row) hashes.of_ends.pass_over(*row, figures);
        return {};
    }));
    TRY(each_sum<DayEndKey>(db_, reading, [&](const auto& parts, const auto& figures) {
        hashes.of_ends.pass_over(day_end_key_from(parts), figures);
        return Status{};
    }));
    TRY(subtract_all());
    return hashes;
}

Result<bool> DaySums::check() {
    {
        Fd lock = try_lock_for_compaction(db_);
        if (lock.get() >= 0) {
            TRY_ASSIGN(const auto same, compare(std::move(lock)));
            if (same) return *same;
        }
    }
    constexpr int attempts_max = 3;
    for (int attempt = 1; attempt <= attempts_max; ++attempt) {
        TRY_ASSIGN(const auto same, compare({}));
        if (same) return *same;
    }
    // Batches are being compacted. One long transaction sees none of that.
    TRY_ASSIGN(auto transaction, Transaction::begin(db_, Transaction::Kind::read));
    TRY_ASSIGN(const auto same, compare({}));
    return same.value_or(false);
}

Result<std::optional<bool>> DaySums::compare(Fd lock) {
    last_day_ = {};
    // No process that does not have the lock begins to change the sums.
    const bool in_slices = lock.get() >= 0;
    // The tables, and how many batches are in them, are read in one transaction, or while nothing
    // changes them. Batches do not change, so they may be read later.
    std::optional<Transaction> state;
    if (!in_slices) {
        TRY_ASSIGN(auto begun, Transaction::begin(db_, Transaction::Kind::read));
        state.emplace(std::move(begun));
    }
    TRY_ASSIGN(const DayPosition summed, day_state(db_));
    // Nobody reads the sums then.
    if (is_emptying(summed)) return true;
    auto sums = hash_sums(in_slices);
    // A holder is missing.
    if (!sums && sums.error().code == ErrorCode::corrupt) return false;
    TRY_ASSIGN(Hashes hashes, std::move(sums));
    // One that had begun before has changed them.
    TRY_ASSIGN(const DayPosition summed_now, day_state(db_));
    if (summed_now != summed) return std::nullopt;
    if (!hashes.of_ends.is_zero()) return false;
    DayRows rows(db_, [this](std::int64_t bucket) -> Result<BucketRange> {
        TRY_ASSIGN(const auto day, find_day(bucket));
        if (day) return *day;
        return fail(ErrorCode::corrupt, "a day is missing");
    });
    // False: something is missing, a name or a day.
    const auto add = [&](DayPosition& done, const DayPosition& until) -> Result<bool> {
        const auto read = rows.read(done, until, [&](const DayKey& key, const DayFigures& figures) {
            hashes.of_rows.add(key, figures);
            return true;
        });
        if (!read && read.error().code == ErrorCode::corrupt) return false;
        TRY_ASSIGN(done, read);
        return true;
    };
    // The order of the rows of a compaction is that of the moment.
    for (DayPosition done{summed.batches, 0}; done < summed;) {
        const auto is_there = add(done, summed);
        if (!is_there && is_there.error().code == ErrorCode::conflict) return std::nullopt;
        TRY(is_there);
        if (!*is_there) return false;
    }
    if (state) TRY(state->commit());
    lock = Fd();
    for (DayPosition done; done < DayPosition{summed.batches, 0};) {
        TRY_ASSIGN(auto transaction, Transaction::begin(db_, Transaction::Kind::read));
        const auto is_there = add(done, {summed.batches, 0});
        if (!is_there && is_there.error().code == ErrorCode::conflict) return std::nullopt;
        TRY(is_there);
        if (!*is_there) return false;
        TRY(transaction.commit());
    }
    return hashes.of_rows.is_zero();
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
