// SPDX-License-Identifier: GPL-3.0-or-later
#include "store/sqlite/compactor.hpp"

#include <fmt/format.h>

#include <algorithm>

#include "base/check.hpp"
#include "base/narrow.hpp"
#include "store/sqlite/compaction_checks.hpp"
#include "store/sqlite/compaction_lists.hpp"
#include "store/sqlite/rows.hpp"
#include "store/sqlite/sum_groups.hpp"

namespace octroi::sqlite {
namespace {

// Rows that are replaced at once: they are summed in memory.
constexpr std::int64_t replaced_at_once = 500'000;
// Rows of one slice: some milliseconds, and a sync.
constexpr std::int64_t slice_rows = 4000;

// An hour or a day, a meter, both ends and a service.
struct OldKey {
    std::int64_t begin = 0;
    std::int64_t meter = 0;
    std::int64_t from = 0;
    std::int64_t to = 0;
    std::int64_t service = 0;

    bool operator==(const OldKey&) const = default;
};
struct OldKeyHash {
    std::size_t operator()(const OldKey& key) const noexcept {
        const auto u = [](std::int64_t v) { return static_cast<std::uint64_t>(v); };
        const std::uint64_t ends = mix(u(key.from) ^ mix_a, u(key.to) ^ mix_b);
        return mix(ends + u(key.service), u(key.begin) ^ mix_c ^ (u(key.meter) << 40U));
    }
};

class OldSums {
public:
    explicit OldSums(const Database& db) : db_(db) {}

    [[nodiscard]] Status add(const OldRow& row) {
        auto& figures = sums_[{row.begin, row.meter, row.from, row.to, row.service}];
        for (std::size_t i = 0; i < day_figures; ++i) {
            if (!__builtin_add_overflow(figures[i], row.figures[i], &figures[i])) continue;
            // A variance that does not fit is not known; volumes must be exact.
            if (i < 5) return std::unexpected(sum_of_batch_does_not_fit(db_));
            figures[i] = INT64_MAX;
        }
        return {};
    }
    // Sorted, without rows of nothing.
    [[nodiscard]] std::vector<OldRow> finish() {
        std::vector<OldRow> rows;
        rows.reserve(sums_.size());
        for (const auto& [key, figures] : sums_)
            if (std::any_of(figures.begin(), figures.end(), [](auto f) { return f != 0; }))
                rows.push_back({key.begin, key.meter, key.from, key.to, key.service, figures});
        std::sort(rows.begin(), rows.end());
        return rows;
    }

private:
    const Database& db_;
    boost::unordered_flat_map<OldKey, DayFigures, OldKeyHash> sums_;
};

Result<std::int64_t> transfers_of(Statement& find, std::int64_t batch) {
    find.bind(1, batch);
    TRY_ASSIGN([[maybe_unused]] const bool found, find.step());
    const std::int64_t transfers = find.number(0);
    find.reset();
    return transfers;
}

// Whether other batches may be compacted all the same.
bool is_of_batches(const Error& error) {
    return error.code == ErrorCode::corrupt || error.code == ErrorCode::over_limit;
}

// The last batch of each anchor, ascending: anchors hold the batches 1 to that one. No compaction
// goes beyond it, so that questions as of an anchor and audits since it can be answered.
Result<std::vector<std::int64_t>> anchored_batches(const Database& db) {
    TRY_ASSIGN(auto find,
               Statement::prepare(
                   db,
                   "SELECT DISTINCT max(b.number) FROM anchor_head h JOIN batch b ON b.writer = "
                   "h.writer AND b.sequence = h.sequence WHERE h.chain = 1 GROUP BY h.anchor ORDER "
                   "BY 1"));
    std::vector<std::int64_t> numbers;
    while (true) {
        TRY_ASSIGN(const bool row, find.step());
        if (!row) return numbers;
        numbers.push_back(find.number(0));
    }
}

// The interval of the transfers of the batches.
Result<Interval> traffic_of(const Database& db, std::int64_t first, std::int64_t last) {
    TRY_ASSIGN(auto find, Statement::prepare(db,
                                             "SELECT min(first_bucket), max(last_bucket) + 1 FROM "
                                             "batch WHERE number BETWEEN ?1 AND ?2"));
    find.bind(1, first);
    find.bind(2, last);
    TRY_ASSIGN([[maybe_unused]] const bool row, find.step());
    return Interval{bucket_from(find, 0).value_or(UtcTime{}),
                    bucket_from(find, 1).value_or(UtcTime{})};
}

}  // namespace

Status Compactor::run(const Retention& retention, UtcTime now) {
    // So that every bucket has a day, and the sums by day can be made again from old rows.
    TRY(days_.catch_up([&] { return slices_.go_on(); }));
    if (slices_.stopped()) return {};
    TRY(check_compactions(db_));
    TRY(go_on_after(cleanup_.all()));
    if (retention.fine_before != UtcTime::min()) {
        TRY_ASSIGN(auto plans, plan_hours(retention.fine_before));
        TRY(compact(std::move(plans), now));
    }
    if (retention.hours_before != UtcTime::min() && !slices_.stopped()) {
        TRY_ASSIGN(auto plans, plan_days(retention.hours_before));
        TRY(compact(std::move(plans), now));
    }
    if (!problem_) return {};
    return fail(problem_->code,
                fmt::format("{} ({} other batches were compacted, {} rows removed)", problem_->text,
                            slices_.progress.batches, slices_.progress.removed));
}

// A fault of some batches does not keep others from being compacted.
Status Compactor::go_on_after(const Status& status) {
    if (status) return {};
    if (!is_of_batches(status.error())) return status;
    if (!problem_) problem_ = status.error();
    return cleanup_.unfinished();
}

Status Compactor::compact(std::vector<Plan> plans, UtcTime now) {
    // Before anything is written: no part of the plans can be recorded otherwise.
    if (!plans.empty()) TRY(translations_.begin());
    // Ascending; a plan may be split into two.
    std::reverse(plans.begin(), plans.end());
    while (!plans.empty()) {
        if (!slices_.go_on()) return {};
        const Plan plan = std::move(plans.back());
        plans.pop_back();
        const Status done = compact(plan, now);
        const bool is_of_some = !done && is_of_batches(done.error());
        if (is_of_some && plan.parts.size() > 1) {
            // Those that can be compacted are, and a sum of one batch always fits.
            TRY(cleanup_.unfinished());
            const auto middle = plan.parts.begin() + std::ssize(plan.parts) / 2;
            plans.push_back({plan.level, {middle, plan.parts.end()}});
            plans.push_back({plan.level, {plan.parts.begin(), middle}});
        } else {
            TRY(go_on_after(done));
        }
    }
    return {};
}

Result<std::vector<Compactor::Plan>> Compactor::plan_hours(UtcTime before) {
    TRY_ASSIGN(const auto runs, compacted_runs(db_));
    TRY_ASSIGN(const auto numbers, old_batches(db_, runs, before));
    TRY_ASSIGN(auto find, Statement::prepare(db_, "SELECT transfers FROM batch WHERE number = ?1"));
    // Another process may have committed since catch_up().
    TRY_ASSIGN(const DayPosition summed, day_state(db_));
    std::vector<Part> parts;
    for (const std::int64_t number : numbers) {
        if (number > summed.batches) break;
        TRY_ASSIGN(const std::int64_t transfers, transfers_of(find, number));
        parts.push_back({.first_batch = number, .last_batch = number, .rows = transfers});
    }
    return plans_of(CompactionLevel::hour, parts);
}

Result<std::vector<Compactor::Plan>> Compactor::plan_days(UtcTime before) {
    TRY_ASSIGN(const auto runs, compacted_runs(db_));
    TRY_ASSIGN(auto find, Statement::prepare(db_,
                                             "SELECT coalesce(sum(transfers), 0) FROM "
                                             "compaction_meter WHERE compaction = ?1"));
    std::vector<Part> parts;
    for (const CompactedRun& run : runs) {
        if (run.level != CompactionLevel::hour || bucket_time(run.traffic.end) > before) continue;
        TRY_ASSIGN(const std::int64_t rows, transfers_of(find, run.compaction));
        parts.push_back({run.first_batch, run.last_batch, run.compaction, rows});
    }
    return plans_of(CompactionLevel::day, parts);
}

Result<std::vector<Compactor::Plan>> Compactor::plans_of(CompactionLevel level,
                                                         std::span<const Part> parts) {
    TRY_ASSIGN(const auto anchored, anchored_batches(db_));
    std::vector<Plan> plans;
    std::int64_t rows = 0;
    for (const Part& part : parts) {
        const std::int64_t before = part.first_batch - 1;
        const bool follows = !plans.empty() && plans.back().last_batch() == before &&
                             !std::binary_search(anchored.begin(), anchored.end(), before);
        // Without a sum that overflows: a damaged header can say anything.
        if (!follows || part.rows > replaced_at_once - rows) {
            plans.push_back({level, {}});
            rows = 0;
        }
        plans.back().parts.push_back(part);
        rows += std::clamp<std::int64_t>(part.rows, 0, replaced_at_once);
    }
    return plans;
}

Status Compactor::compact(const Plan& plan, UtcTime now) {
    CompactionRecord record;
    record.at = now;
    record.level = plan.level;
    record.first_batch = narrow<std::uint64_t>(plan.first_batch());
    record.last_batch = narrow<std::uint64_t>(plan.last_batch());
    TRY_ASSIGN(const std::int64_t last,
               db_.number("SELECT coalesce(max(number), 0) FROM compaction"));
    record.number = narrow<std::uint64_t>(last) + 1;
    TRY(check_replaced(plan));
    TRY_ASSIGN(const auto rows, sum_rows(plan, record.removed));
    if (!slices_.go_on()) return {};
    TRY_ASSIGN(record.meters, summarize(db_, rows));
    TRY(check_conserved(db_, record));
    TRY_ASSIGN(record.traffic, traffic_of(db_, plan.first_batch(), plan.last_batch()));
    TRY_ASSIGN(record.batches_digest, batches_digest(db_, plan.first_batch(), plan.last_batch()));
    TRY_ASSIGN(record.days, days_of(db_, rows));
    const CompactedRun run{.compaction = last + 1,
                           .at = now,
                           .level = plan.level,
                           .first_batch = plan.first_batch(),
                           .last_batch = plan.last_batch(),
                           .traffic = {}};
    TRY_ASSIGN(const auto cursors, cursors_of(plan));
    record.cursors = kept_cursors_digest(cursors);
    TRY(write_rows(last + 1, rows));
    TRY(write_cursors(last + 1, cursors));
    TRY(record_run(run, record));
    if (slices_.stopped()) return {};
    slices_.progress.batches += record.last_batch - record.first_batch + 1;
    std::vector<std::int64_t> replaced;
    if (plan.level == CompactionLevel::day)
        for (const Part& part : plan.parts) replaced.push_back(part.compaction);
    TRY(cleanup_.replaced_by(run, replaced));
    return translations_.remove_over();
}

// A commit may end a translation while the digest is computed: then it is computed again.
Status Compactor::record_run(const CompactedRun& run, CompactionRecord& record) {
    const auto try_once = [&]() -> Result<bool> {
        TRY_ASSIGN(record.translations, translations_.digest_with(run));
        if (slices_.stopped()) return false;
        return write_record(record);
    };
    constexpr int attempts_max = 10;
    for (int attempt = 1; attempt <= attempts_max; ++attempt) {
        const auto written = try_once();
        if (written && *written) return {};
        translations_.discard();
        TRY(written);
        if (slices_.stopped()) return {};
    }
    return fail(ErrorCode::busy,
                fmt::format("ledger {}: too many old translations end at the same time; next: try "
                            "again later",
                            db_.path()));
}

// The rows that are going to be replaced are those that the headers or records promise.
Status Compactor::check_replaced(const Plan& plan) {
    if (plan.level == CompactionLevel::hour)
        return check_batches_({narrow<std::uint64_t>(plan.first_batch() - 1),
                               narrow<std::uint64_t>(plan.last_batch())});
    TRY_ASSIGN(const auto runs, compacted_runs(db_));
    TRY_ASSIGN(const auto compactions, stored_compactions(db_));
    for (const Part& part : plan.parts) {
        TRY_ASSIGN(const auto rows, read_old_rows(db_, part.compaction));
        const CompactedRun* run = run_of(runs, part.first_batch);
        CHECK(run != nullptr && run->compaction == part.compaction);
        CompactionContent found;
        TRY(read_content(db_, *run, rows, found));
        // check_compactions() has found that their numbers have no gaps.
        const auto index = narrow<std::size_t>(part.compaction - 1);
        if (!found.is_that_of(compactions.at(index).record))
            return fail(ErrorCode::corrupt,
                        fmt::format("ledger {}: the sums, days or cursors that compaction {} has "
                                    "left are not those of its record, so they are kept; next: "
                                    "run `octroi audit`",
                                    db_.path(), part.compaction));
    }
    return {};
}

Result<std::vector<KeptCursor>> Compactor::cursors_of(const Plan& plan) {
    if (plan.level == CompactionLevel::hour)
        return current_of_batches(db_, plan.first_batch(), plan.last_batch());
    std::vector<KeptCursor> all;
    for (const Part& part : plan.parts) {
        TRY_ASSIGN(const auto cursors, current_of_compaction(db_, part.compaction));
        all.insert(all.end(), cursors.begin(), cursors.end());
    }
    std::sort(all.begin(), all.end());
    return all;
}

Result<std::vector<OldRow>> Compactor::sum_rows(const Plan& plan, std::uint64_t& removed) {
    OldSums sums(db_);
    if (plan.level == CompactionLevel::day) {
        for (const Part& part : plan.parts) {
            TRY_ASSIGN(const auto rows, read_old_rows(db_, part.compaction));
            removed += rows.size();
            for (OldRow row : rows) {
                TRY_ASSIGN(const BucketRange day, days_.day_at(row.begin));
                row.begin = day.begin;
                TRY(sums.add(row));
            }
        }
        return sums.finish();
    }
    TRY_ASSIGN(auto find,
               Statement::prepare(
                   db_,
                   "SELECT t.bucket, b.meter, t.from_party, t.to_party, t.service, t.bytes, "
                   "t.packets, t.flows, coalesce(t.bytes - s.bytes, 0), coalesce(t.packets - "
                   "s.packets, 0), coalesce(s.bytes_variance, 0), coalesce(s.packets_variance, 0) "
                   "FROM batch b JOIN transfer t ON t.transfer_id >= b.first_transfer AND "
                   "t.transfer_id < b.first_transfer + b.transfers LEFT JOIN sampled s ON "
                   "s.transfer = t.transfer_id WHERE b.number BETWEEN ?1 AND ?2"));
    find.bind(1, plan.first_batch());
    find.bind(2, plan.last_batch());
    while (true) {
        TRY_ASSIGN(const bool found, find.step());
        if (!found) break;
        OldRow row = old_row_from(find, 0);
        TRY_ASSIGN(const BucketRange day, days_.day_at(row.begin));
        row.begin = day.begin + (row.begin - day.begin) / buckets_of_hour * buckets_of_hour;
        TRY(sums.add(row));
        ++removed;
    }
    return sums.finish();
}

// Calls `write` for each row, in slices that are a transaction each.
template <typename Row, typename Write>
Status Compactor::write_slices(std::span<const Row> rows, Write write) {
    while (!rows.empty() && !slices_.stopped()) {
        const auto slice = rows.first(std::min<std::size_t>(rows.size(), slice_rows));
        rows = rows.subspan(slice.size());
        const auto write_slice = [&]() -> Status {
            TRY_ASSIGN(auto transaction, Transaction::begin(db_, Transaction::Kind::write));
            for (const Row& row : slice) TRY(write(row));
            return transaction.commit();
        };
        TRY(slices_.run(write_slice));
    }
    return {};
}

Status Compactor::write_rows(std::int64_t number, std::span<const OldRow> rows) {
    TRY_ASSIGN(
        auto insert,
        Statement::prepare(db_, "INSERT INTO old_transfer VALUES (?,?,?,?,?,?,?,?,?,?,?,?,?)"));
    return write_slices(rows, [&](const OldRow& row) {
        int at = 0;
        for (const std::int64_t value :
             {number, row.begin, row.meter, row.from, row.to, row.service})
            insert.bind(++at, value);
        for (const std::int64_t value : row.figures) insert.bind(++at, value);
        ++slices_.progress.added;
        return insert.run();
    });
}

Status Compactor::write_cursors(std::int64_t number, std::span<const KeptCursor> cursors) {
    TRY_ASSIGN(auto insert,
               Statement::prepare(db_, "INSERT INTO compaction_cursor VALUES (?,?,?,?,?,?)"));
    return write_slices(cursors, [&](const KeptCursor& kept) {
        insert.bind(1, number);
        insert.bind_text(2, kept.meter);
        insert.bind_text(3, kept.cursor.source);
        insert.bind_blob(4, kept.cursor.position);
        insert.bind(5, kept.cursor.version);
        insert.bind_text(6, kept.cursor.note);
        return insert.run();
    });
}

// False: the digest of translations is wrong.
Result<bool> Compactor::write_record(const CompactionRecord& record) {
    TRY_ASSIGN(auto transaction, Transaction::begin(db_, Transaction::Kind::write));
    TRY_ASSIGN(const bool is_valid, translations_.is_valid());
    if (!is_valid) return false;
    TRY(check_written(db_, record));
    TRY_ASSIGN(auto last, Statement::prepare(db_,
                                             "SELECT hash FROM compaction ORDER BY number DESC "
                                             "LIMIT 1"));
    TRY_ASSIGN(const bool follows, last.step());
    const std::string previous = follows ? last.text(0) : zero_hash();
    last.reset();
    if (previous.size() != hash_octets)
        return fail(ErrorCode::corrupt, fmt::format("ledger {}: the hash of a compaction is "
                                                    "damaged; next: run `octroi audit`",
                                                    db_.path()));
    const std::string hash = compaction_hash(previous, record);
    TRY_ASSIGN(auto insert, Statement::prepare(db_,
                                               "INSERT INTO compaction VALUES "
                                               "(?,?,?,?,?,?,?,?,?,?,?,?,?,?,?,?,?)"));
    insert.bind(1, record.number);
    insert.bind(2, record.at);
    insert.bind(3, static_cast<std::int64_t>(record.level));
    insert.bind(4, record.first_batch);
    insert.bind(5, record.last_batch);
    insert.bind(6, record.traffic.begin);
    insert.bind(7, record.traffic.end);
    insert.bind(8, record.removed);
    insert.bind_blob(9, record.batches_digest);
    int at = 9;
    for (const ListDigest* list : {&record.days, &record.cursors, &record.translations}) {
        insert.bind(++at, list->rows);
        insert.bind_blob(++at, list->digest);
    }
    insert.bind_blob(16, previous);
    insert.bind_blob(17, hash);
    TRY(insert.run());
    TRY_ASSIGN(auto meter,
               Statement::prepare(
                   db_,
                   "INSERT INTO compaction_meter SELECT ?1, meter_id, ?6, ?7, ?8, ?9, ?10, ?11, "
                   "?12 FROM meter WHERE name = ?2 AND kind = ?3 AND role = ?4 AND layer = ?5"));
    for (const CompactedMeter& m : record.meters) {
        meter.bind(1, record.number);
        meter.bind_text(2, m.meter.name);
        meter.bind_text(3, m.meter.kind);
        meter.bind(4, static_cast<std::int64_t>(m.meter.role));
        meter.bind(5, static_cast<std::int64_t>(m.meter.layer));
        meter.bind(6, m.volume.bytes.value());
        meter.bind(7, m.volume.packets.value());
        meter.bind(8, m.volume.flows.value());
        meter.bind(9, m.transfers.rows);
        meter.bind_blob(10, m.transfers.digest);
        meter.bind(11, m.sampled.rows);
        meter.bind_blob(12, m.sampled.digest);
        TRY(meter.run());
    }
    TRY(transaction.commit());
    return true;
}

}  // namespace octroi::sqlite
