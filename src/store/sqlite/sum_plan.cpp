// SPDX-License-Identifier: GPL-3.0-or-later
#include "store/sqlite/sum_plan.hpp"

#include <algorithm>

namespace octroi::sqlite {
namespace {

// day_sum has no identities, no buckets, no versions, and every batch up to now.
bool day_sums_fit(const SumQuestion& question) {
    return !question.by_bucket && !question.by_identity && !question.identity && !question.as_of &&
           !question.observed_only && !question.by_versions;
}

}  // namespace

bool is_cut(const BucketRange& range, const std::vector<std::int64_t>& steps) {
    const auto behind = std::upper_bound(steps.begin(), steps.end(), range.begin);
    return behind != steps.end() && *behind < range.end;
}

std::vector<BucketRange> joined(const std::vector<BucketRange>& days) {
    std::vector<BucketRange> ranges;
    for (const BucketRange& day : days) {
        if (!ranges.empty() && ranges.back().end == day.begin)
            ranges.back().end = day.end;
        else
            ranges.push_back(day);
    }
    return ranges;
}

Result<SumPlan> plan_sums(const Database& db, const SumQuestion& question,
                          const BucketRange& period, const std::vector<std::int64_t>& steps) {
    SumPlan plan;
    if (period.begin >= period.end) return plan;
    TRY_ASSIGN(plan.summed, db.number("SELECT batches FROM day_state"));
    std::int64_t at = period.begin;
    if (day_sums_fit(question)) {
        TRY_ASSIGN(auto find,
                   Statement::prepare(db,
                                      "SELECT begin, end FROM day WHERE begin >= ?1 AND end <= ?2 "
                                      "ORDER BY begin"));
        find.bind(1, period.begin);
        find.bind(2, period.end);
        while (true) {
            TRY_ASSIGN(const bool row, find.step());
            if (!row) break;
            const BucketRange day{find.number(0), find.number(1)};
            if (is_cut(day, steps)) continue;
            if (at < day.begin) plan.rest.push_back({at, day.begin});
            plan.days.push_back(day);
            at = day.end;
        }
    }
    if (at < period.end) plan.rest.push_back({at, period.end});
    return plan;
}

}  // namespace octroi::sqlite
