// SPDX-License-Identifier: GPL-3.0-or-later
#include "service/rebook_period.hpp"

#include <algorithm>

namespace octroi {
namespace {

constexpr Duration utc_day = Duration::hours(24);
constexpr std::int64_t buckets_of_day = utc_day.ns / bucket_length.ns;
constexpr std::int64_t days_at_once = 64;

constexpr UtcTime rounded_up(UtcTime t) {
    const UtcTime begin = bucket_start(t);
    return begin == t ? t : begin + bucket_length;
}

SumQuestion question_of(const std::string& meter) {
    SumQuestion question;
    if (!meter.empty()) question.meter = meter;
    return question;
}

}  // namespace

Result<UtcTime> transfers_since(Query& ledger) {
    UtcTime since = UtcTime::min();
    constexpr std::uint64_t without_sums = UINT64_MAX;
    TRY(ledger.each_compaction(without_sums, [&](const StoredCompaction& compaction) -> Status {
        const Interval& traffic = compaction.record.traffic;
        if (traffic.begin < traffic.end) since = std::max(since, traffic.end);
        return {};
    }));
    return since;
}

Result<RebookSlices> RebookSlices::create(Query& ledger, const Interval& period,
                                          const std::string& meter, std::size_t rows) {
    TRY_ASSIGN(const auto first, ledger.first_bucket());
    TRY_ASSIGN(const LedgerFacts facts, ledger.facts({}));
    if (!first) return RebookSlices(ledger, {UtcTime{}, UtcTime{}}, meter, rows);
    Interval part{*first, facts.last_bucket + bucket_length};
    if (period.begin > part.begin) part.begin = rounded_up(period.begin);
    if (period.end < part.end) part.end = rounded_up(period.end);
    return RebookSlices(ledger, part, meter, rows);
}

Result<std::optional<Interval>> RebookSlices::next(std::size_t rows) {
    adapt(rows);
    while (at_ >= days_end_) {
        if (at_ >= period_.end) return std::nullopt;
        TRY(find_day());
    }
    const Interval slice{at_, std::min(days_end_, at_ + Duration{bucket_length.ns * buckets_})};
    last_buckets_ = static_cast<std::size_t>((slice.end - slice.begin).ns / bucket_length.ns);
    at_ = slice.end;
    return slice;
}

// After a slice without rows nothing is known about the next one: it stays as short.
void RebookSlices::adapt(std::size_t rows) {
    if (rows == 0) return;
    const auto wanted = static_cast<std::int64_t>(rows_ * last_buckets_ / rows);
    buckets_ = std::clamp<std::int64_t>(wanted, 1, std::min(buckets_ * 4, buckets_of_day));
}

// Steps over days without traffic, or finds one with traffic.
Status RebookSlices::find_day() {
    const UtcTime end =
        std::min(period_.end, bucket_start(at_, utc_day) + Duration{utc_day.ns * days_});
    TRY_ASSIGN(const bool found, has_traffic({at_, end}));
    if (!found) {
        at_ = end;
        days_ = std::min(days_ * 2, days_at_once);
    } else if (days_ > 1) {
        days_ = 1;
    } else {
        days_end_ = end;
    }
    return {};
}

Result<bool> RebookSlices::has_traffic(const Interval& days) {
    SumQuestion question = question_of(meter_);
    question.period = days;
    TRY_ASSIGN(const auto sums, ledger_->sums(question));
    return !sums.empty();
}

}  // namespace octroi
