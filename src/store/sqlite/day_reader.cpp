// SPDX-License-Identifier: GPL-3.0-or-later
#include "store/sqlite/day_reader.hpp"

#include <fmt/format.h>

#include <algorithm>

#include "store/sqlite/sum_plan.hpp"

namespace octroi::sqlite {
namespace {

// Up to so many accounts are looked up one by one on each day; for more, whole days are read.
constexpr std::size_t looked_up_max = 200;

constexpr const char* day_columns =
    "SELECT day, near, outgoing, far, service, meter, bytes, packets, flows, scaled_bytes, "
    "scaled_packets, bytes_variance, packets_variance FROM day_sum WHERE ";

class DayReader {
public:
    DayReader(const Database& db, const SumQuestion& question, const NumberSet& meters,
              SumCollector& collector)
        : db_(db), question_(question), meters_(meters), collector_(collector) {}

    [[nodiscard]] Status add(const std::vector<BucketRange>& days) {
        TRY_ASSIGN(const bool looks_up, can_look_up());
        return looks_up ? look_up(days) : scan(days);
    }

private:
    // Only ends that are accounts or unattributed have rows of their own.
    [[nodiscard]] Result<bool> can_look_up() {
        const NumberSet* selected = collector_.ends().selected_holders();
        if (selected == nullptr) return false;
        near_ = selected->numbers();
        if (near_.size() > looked_up_max) return false;
        for (const std::int64_t holder : near_) {
            TRY_ASSIGN(const PartyKind kind, collector_.ends().kind_of(holder));
            if (!is_local(kind)) return false;
        }
        return true;
    }
    [[nodiscard]] Status look_up(const std::vector<BucketRange>& days) {
        TRY_ASSIGN(rows_,
                   Statement::prepare(db_, fmt::format("{} day = ?1 AND near = ?2", day_columns)));
        const NumberSet& selected = *collector_.ends().selected_holders();
        for (const BucketRange& day : days) {
            for (const std::int64_t near : near_) {
                rows_.bind(1, day.begin);
                rows_.bind(2, near);
                // What both ends selected is in the rows of both: the sender's counts.
                TRY(add_rows([&] { return rows_.number(2) != 0 || !selected.contains(far()); }));
            }
        }
        return {};
    }
    // Consecutive days in one statement: it reads the table in its order.
    [[nodiscard]] Status scan(const std::vector<BucketRange>& days) {
        TRY_ASSIGN(rows_,
                   Statement::prepare(db_, fmt::format("{} day >= ?1 AND day < ?2", day_columns)));
        for (const BucketRange& range : joined(days)) {
            rows_.bind(1, range.begin);
            rows_.bind(2, range.end);
            // A transfer between two local ends is in the rows of both: the sender's counts.
            EndTable& ends = collector_.ends();
            TRY(add_rows([&]() -> bool {
                if (rows_.number(2) != 0) return true;
                const auto kind = ends.kind_of(far());
                if (!kind) failure_ = kind.error();
                return kind && !is_local(*kind);
            }));
        }
        return {};
    }
    [[nodiscard]] std::int64_t far() const { return rows_.number(3); }

    // counts: whether the current row stands for its transfers.
    template <typename Counts>
    [[nodiscard]] Status add_rows(Counts counts) {
        while (true) {
            TRY_ASSIGN(const bool found, rows_.step());
            if (!found) return {};
            // Corrections may have moved all volume of a row.
            const bool is_empty =
                rows_.number(6) == 0 && rows_.number(7) == 0 && rows_.number(8) == 0;
            if (is_empty || !meters_.contains(rows_.number(5)) || !counts()) {
                if (failure_) return std::unexpected(*failure_);
                continue;
            }
            TRY(add_row());
        }
    }
    [[nodiscard]] Status add_row() {
        const bool outgoing = rows_.number(2) != 0;
        const std::int64_t near = rows_.number(1);
        HolderRow row{rows_.number(0),         rows_.number(5),
                      outgoing ? near : far(), outgoing ? far() : near,
                      rows_.number(4),         {rows_.number(6), rows_.number(7), rows_.number(8)}};
        if (is_at_limit(row.figures)) return std::unexpected(day_sum_is_at_limit(db_));
        TRY_ASSIGN(const auto groups, collector_.add(row));
        if (question_.estimates && !groups.empty()) add_day_estimate(rows_, 9, groups, collector_);
        return {};
    }

    const Database& db_;
    const SumQuestion& question_;
    const NumberSet& meters_;
    SumCollector& collector_;
    std::vector<std::int64_t> near_;
    Statement rows_;
    std::optional<Error> failure_;
};

}  // namespace

bool is_at_limit(const Figures& figures) {
    return figures.bytes == day_figure_max || figures.packets == day_figure_max ||
           figures.flows == day_figure_max;
}

void add_day_estimate(const Statement& row, int first, RowGroups groups, SumCollector& collector) {
    // At the limit: that or more.
    const auto variance = [&](int column) {
        const std::int64_t value = row.number(column);
        return value == day_figure_max ? INT64_MAX : value;
    };
    const SignedEstimate estimate{row.number(first), row.number(first + 1), variance(first + 2),
                                  variance(first + 3)};
    if (estimate != SignedEstimate{}) collector.add_estimate(groups, estimate);
}

Status add_day_sums(const Database& db, const SumQuestion& question,
                    const std::vector<BucketRange>& days, const NumberSet& meters,
                    SumCollector& collector) {
    if (days.empty()) return {};
    return DayReader(db, question, meters, collector).add(days);
}

}  // namespace octroi::sqlite
