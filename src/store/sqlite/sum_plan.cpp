// SPDX-License-Identifier: GPL-3.0-or-later
#include "store/sqlite/sum_plan.hpp"

#include <algorithm>

#include "store/sqlite/day_sums.hpp"

namespace octroi::sqlite {
namespace {

// day_sum has no identities, no buckets, no versions, and every batch up to now.
bool day_sums_fit(const SumQuestion& question) {
    return !question.by_bucket && !question.by_identity && !question.identity && !question.as_of &&
           !question.observed_only && !question.by_versions;
}

// Not while they are made again; and of a compaction of which a part is summed, nobody can tell the
// other part.
bool are_usable(const DayPosition& summed, std::span<const CompactedRun> compacted) {
    if (is_emptying(summed) || summed == DayPosition{}) return false;
    const CompactedRun* next = run_of(compacted, summed.batches + 1);
    return next == nullptr || (next->first_batch > summed.batches && summed.rows == 0);
}

// Ascending; ranges that touch become one.
void add_range(std::vector<BucketRange>& ranges, const BucketRange& range) {
    if (!ranges.empty() && ranges.back().end == range.begin)
        ranges.back().end = range.end;
    else
        ranges.push_back(range);
}

}  // namespace

bool is_cut(const BucketRange& range, const std::vector<std::int64_t>& steps) {
    const auto behind = std::upper_bound(steps.begin(), steps.end(), range.begin);
    return behind != steps.end() && *behind < range.end;
}

std::vector<BucketRange> joined(const std::vector<BucketRange>& days) {
    std::vector<BucketRange> ranges;
    for (const BucketRange& day : days) add_range(ranges, day);
    return ranges;
}

Result<SumPlan> plan_sums(const Database& db, const SumQuestion& question,
                          const BucketRange& period, const std::vector<std::int64_t>& steps,
                          std::span<const CompactedRun> compacted) {
    SumPlan plan;
    if (period.begin >= period.end) return plan;
    TRY_ASSIGN(plan.summed, day_state(db));
    if (!day_sums_fit(question) || !are_usable(plan.summed, compacted)) {
        plan.rest.push_back(period);
        return plan;
    }
    // Each bucket with summed traffic is in a day. Other times need not be read.
    TRY_ASSIGN(auto find,
               Statement::prepare(db,
                                  "SELECT begin, end FROM day WHERE begin >= coalesce((SELECT "
                                  "max(begin) FROM day WHERE begin <= ?1), ?1) AND begin < ?2 "
                                  "ORDER BY begin"));
    find.bind(1, period.begin);
    find.bind(2, period.end);
    while (true) {
        TRY_ASSIGN(const bool row, find.step());
        if (!row) return plan;
        const BucketRange day{find.number(0), find.number(1)};
        const BucketRange part{std::max(day.begin, period.begin), std::min(day.end, period.end)};
        if (part.begin >= part.end) continue;
        if (part == day && !is_cut(day, steps))
            plan.days.push_back(day);
        else
            add_range(plan.rest, part);
    }
}

}  // namespace octroi::sqlite
