// SPDX-License-Identifier: GPL-3.0-or-later
#include "store/sqlite/day_end_reader.hpp"

#include <fmt/format.h>

#include "store/sqlite/day_reader.hpp"
#include "store/sqlite/sum_plan.hpp"

namespace octroi::sqlite {
namespace {

// Up to so many ends are looked up one by one on each day; for more, whole days are read.
constexpr std::size_t looked_up_ends_max = 2000;

constexpr const char* day_end_columns =
    "SELECT day, near, ends, far_kind, meter, bytes, packets, flows, scaled_bytes, scaled_packets, "
    "bytes_variance, packets_variance FROM day_end WHERE ";

class DayEndReader {
public:
    DayEndReader(const Database& db, const SumQuestion& question, const NumberSet& meters,
                 SumCollector& collector)
        : db_(db), question_(question), meters_(meters), collector_(collector) {}

    [[nodiscard]] Status add(const std::vector<BucketRange>& days) {
        const NumberSet* selected = collector_.ends().selected_holders();
        if (selected == nullptr) return scan(days);
        const std::vector<std::int64_t> ends = selected->numbers();
        return ends.size() > looked_up_ends_max ? scan(days) : look_up(days, ends);
    }

private:
    [[nodiscard]] Status look_up(const std::vector<BucketRange>& days,
                                 const std::vector<std::int64_t>& ends) {
        TRY_ASSIGN(rows_, Statement::prepare(
                              db_, fmt::format("{} day = ?1 AND near = ?2", day_end_columns)));
        for (const BucketRange& day : days) {
            for (const std::int64_t near : ends) {
                rows_.bind(1, day.begin);
                rows_.bind(2, near);
                TRY(add_rows());
            }
        }
        return {};
    }
    // Consecutive days in one statement: it reads the table in its order.
    [[nodiscard]] Status scan(const std::vector<BucketRange>& days) {
        TRY_ASSIGN(rows_, Statement::prepare(
                              db_, fmt::format("{} day >= ?1 AND day < ?2", day_end_columns)));
        for (const BucketRange& range : joined(days)) {
            rows_.bind(1, range.begin);
            rows_.bind(2, range.end);
            TRY(add_rows());
        }
        return {};
    }
    [[nodiscard]] Status add_rows() {
        while (true) {
            TRY_ASSIGN(const bool found, rows_.step());
            if (!found) return {};
            if (meters_.contains(rows_.number(4))) TRY(add_row());
        }
    }
    [[nodiscard]] Status add_row() {
        const EndRow row{rows_.number(0),
                         rows_.number(4),
                         rows_.number(1),
                         enum_from<SumEnds>(rows_, 2),
                         enum_from<PartyKind>(rows_, 3),
                         {rows_.number(5), rows_.number(6), rows_.number(7)}};
        // Corrections may have moved all volume of a row.
        if (row.figures == Figures{}) return {};
        if (is_at_limit(row.figures)) return std::unexpected(day_sum_is_at_limit(db_));
        if (row.ends < SumEnds::from || row.ends > SumEnds::both || row.far < PartyKind::account ||
            row.far > PartyKind::excluded)
            return fail(ErrorCode::corrupt,
                        fmt::format("ledger {}: a sum by day has an unknown end; next: run "
                                    "`octroi ledger rebuild`",
                                    db_.path()));
        TRY_ASSIGN(const auto groups, collector_.add(row));
        if (question_.estimates) add_day_estimate(rows_, 8, groups, collector_);
        return {};
    }

    const Database& db_;
    const SumQuestion& question_;
    const NumberSet& meters_;
    SumCollector& collector_;
    Statement rows_;
};

}  // namespace

Status add_day_ends(const Database& db, const SumQuestion& question,
                    const std::vector<BucketRange>& days, const NumberSet& meters,
                    SumCollector& collector) {
    if (days.empty()) return {};
    return DayEndReader(db, question, meters, collector).add(days);
}

}  // namespace octroi::sqlite
