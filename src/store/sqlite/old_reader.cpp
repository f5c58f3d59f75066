// SPDX-License-Identifier: GPL-3.0-or-later
#include "store/sqlite/old_reader.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <map>
#include <span>

namespace octroi::sqlite {
namespace {

class OldReader {
public:
    OldReader(const Database& db, const SumQuestion& question, const RunQuestion& runs,
              SumCollector& collector)
        : db_(db), question_(question), runs_(runs), collector_(collector) {}

    [[nodiscard]] Status add() {
        TRY_ASSIGN(rows_,
                   Statement::prepare(
                       db_, fmt::format("SELECT {} FROM old_transfer WHERE compaction = ?1 AND "
                                        "begin >= ?2 AND begin < ?3",
                                        old_row_columns)));
        TRY_ASSIGN(day_, Statement::prepare(db_,
                                            "SELECT begin, end FROM day WHERE begin <= ?1 ORDER BY "
                                            "begin DESC LIMIT 1"));
        for (const CompactedRun& run : runs_.compacted) {
            TRY_ASSIGN(const bool counts, is_selected(run));
            if (!counts) continue;
            // A compaction that the sums by day lack is read for the whole period.
            const bool is_summed = run.first_batch <= runs_.plan.summed.batches;
            const std::span<const BucketRange> ranges =
                is_summed ? std::span<const BucketRange>(runs_.plan.rest)
                          : std::span<const BucketRange>(&runs_.period, 1);
            for (const BucketRange& range : ranges)
                if (run.traffic.begin < range.end && range.begin < run.traffic.end)
                    TRY(add(run, range));
        }
        return {};
    }

private:
    // With as_of either all batches of the run count, or none.
    [[nodiscard]] Result<bool> is_selected(const CompactedRun& run) {
        if (!runs_.limits) return true;
        TRY_ASSIGN(auto find,
                   Statement::prepare(db_,
                                      "SELECT writer, min(sequence), max(sequence) FROM "
                                      "batch WHERE number BETWEEN ?1 AND ?2 GROUP BY 1"));
        find.bind(1, run.first_batch);
        find.bind(2, run.last_batch);
        bool any = false;
        bool all = true;
        while (true) {
            TRY_ASSIGN(const bool row, find.step());
            if (!row) break;
            const auto limit = runs_.limits->find(find.number(0));
            const std::int64_t last = limit == runs_.limits->end() ? 0 : limit->second;
            any = any || find.number(1) <= last;
            all = all && find.number(2) <= last;
        }
        if (any && !all)
            return fail(ErrorCode::not_found,
                        fmt::format("ledger {}: transfers from before and after the given heads "
                                    "have been summed together; next: ask for later heads, or a "
                                    "later period",
                                    db_.path()));
        return any;
    }
    // The whole hour or day of a row.
    [[nodiscard]] Result<BucketRange> span_of(const CompactedRun& run, std::int64_t begin) {
        if (begin == last_span_.begin) return last_span_;
        day_.bind(1, begin);
        TRY_ASSIGN(const bool found, day_.step());
        const std::int64_t end = found && day_.number(1) > begin ? day_.number(1) : begin + 1;
        day_.reset();
        last_span_ = {begin, run.level == CompactionLevel::hour
                                 ? std::min(begin + buckets_of_hour, end)
                                 : end};
        return last_span_;
    }
    [[nodiscard]] Status add(const CompactedRun& run, const BucketRange& range) {
        constexpr std::int64_t longest_day = 2 * 288;
        const bool is_hour = run.level == CompactionLevel::hour;
        last_span_ = {INT64_MIN, INT64_MIN};
        rows_.bind(1, run.compaction);
        rows_.bind(2, range.begin - (is_hour ? buckets_of_hour : longest_day));
        rows_.bind(3, range.end);
        while (true) {
            TRY_ASSIGN(const bool found, rows_.step());
            if (!found) return {};
            const OldRow row = old_row_from(rows_, 0);
            if (!runs_.meters.contains(row.meter)) continue;
            TRY_ASSIGN(const BucketRange span, span_of(run, row.begin));
            if (span.end <= range.begin) continue;
            if (needs_transfers() || !range.contains(span) || is_cut(span, collector_.steps())) {
                rows_.reset();
                return std::unexpected(gone(run, span));
            }
            TRY(add(row));
        }
    }
    [[nodiscard]] bool needs_transfers() const {
        return question_.by_bucket || question_.observed_only || question_.by_versions;
    }
    [[nodiscard]] Status add(const OldRow& row) {
        const auto& f = row.figures;
        TRY_ASSIGN(const auto groups,
                   collector_.add(SumRow{
                       row.begin, row.meter, row.from, row.to, row.service, {f[0], f[1], f[2]}}));
        if (question_.estimates && (f[3] != 0 || f[4] != 0 || f[5] != 0 || f[6] != 0))
            collector_.add_estimate(groups, {f[3], f[4], f[5], f[6]});
        return {};
    }
    [[nodiscard]] Error gone(const CompactedRun& run, const BucketRange& span) const {
        const bool is_hour = run.level == CompactionLevel::hour;
        return {ErrorCode::not_found,
                fmt::format("ledger {}: of {} to {} only the sum of the {} is left (keep_fine and "
                            "keep_hours in [ledger] of the configuration); next: ask for whole {}s "
                            "of the time zone of "
                            "the ledger, in longer time steps",
                            db_.path(), to_rfc3339(bucket_time(span.begin)),
                            to_rfc3339(bucket_time(span.end)), is_hour ? "hour" : "day",
                            is_hour ? "hour" : "day")};
    }

    const Database& db_;
    const SumQuestion& question_;
    const RunQuestion& runs_;
    SumCollector& collector_;
    Statement rows_;
    Statement day_;
    BucketRange last_span_;
};

}  // namespace

Status add_old_sums(const Database& db, const SumQuestion& question, const RunQuestion& runs,
                    SumCollector& collector) {
    if (runs.compacted.empty()) return {};
    return OldReader(db, question, runs, collector).add();
}

}  // namespace octroi::sqlite
