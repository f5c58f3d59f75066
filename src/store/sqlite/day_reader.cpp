// SPDX-License-Identifier: GPL-3.0-or-later
#include "store/sqlite/day_reader.hpp"

#include <fmt/format.h>

#include <algorithm>

#include "store/sqlite/day_sums.hpp"

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
            TRY_ASSIGN(const bool is_local, collector_.ends().is_local(holder));
            if (!is_local) return false;
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
        for (auto first = days.begin(); first != days.end();) {
            auto last = first;
            while (std::next(last) != days.end() && std::next(last)->begin == last->end) ++last;
            rows_.bind(1, first->begin);
            rows_.bind(2, last->end);
            // A transfer between two local ends is in the rows of both: the sender's counts.
            EndTable& ends = collector_.ends();
            TRY(add_rows([&]() -> bool {
                if (rows_.number(2) != 0) return true;
                const auto is_local = ends.is_local(far());
                if (!is_local) failure_ = is_local.error();
                return is_local && !*is_local;
            }));
            first = std::next(last);
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
        if (row.figures.bytes == day_figure_max || row.figures.packets == day_figure_max ||
            row.figures.flows == day_figure_max)
            return std::unexpected(sum_does_not_fit(db_));
        TRY_ASSIGN(const auto group, collector_.add(row));
        if (!group || !question_.estimates) return {};
        const SignedEstimate estimate{rows_.number(9), rows_.number(10), variance(11),
                                      variance(12)};
        if (estimate != SignedEstimate{}) collector_.add_estimate(*group, estimate);
        return {};
    }
    // At the limit: that or more.
    [[nodiscard]] std::int64_t variance(int column) const {
        const std::int64_t value = rows_.number(column);
        return value == day_figure_max ? INT64_MAX : value;
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

Status add_day_sums(const Database& db, const SumQuestion& question,
                    const std::vector<BucketRange>& days, const NumberSet& meters,
                    SumCollector& collector) {
    if (days.empty()) return {};
    return DayReader(db, question, meters, collector).add(days);
}

}  // namespace octroi::sqlite
