// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

// The period of `octroi rebook`, in slices of time with about as many rows as fit into memory.

#include <cstddef>
#include <optional>
#include <string>

#include "base/result.hpp"
#include "ledger/query.hpp"

namespace octroi {

// The moment from which on the ledger has all transfers, and not only their sums by hour or day;
// min: it has all that there ever were. The time depends on the number of sums.
[[nodiscard]] Result<UtcTime> transfers_since(Query& ledger);

// Walks over the traffic of a period. A slice lies within a UTC day, and is at most four times as
// long as the one before it. So memory is bounded by the rows of a slice, not by the period. One
// thread.
class RebookSlices {
public:
    // rows: about as many rows of the ledger are wanted in a slice. The ledger must outlive it.
    // Errors: those of Query.
    [[nodiscard]] static Result<RebookSlices> create(Query& ledger, const Interval& period,
                                                     const std::string& meter, std::size_t rows);

    // nullopt: there are no more. rows: how many the slice before had.
    [[nodiscard]] Result<std::optional<Interval>> next(std::size_t rows);

    // From the first to the last traffic of the period.
    [[nodiscard]] const Interval& period() const noexcept { return period_; }

private:
    RebookSlices(Query& ledger, const Interval& period, const std::string& meter, std::size_t rows)
        : ledger_(&ledger),
          period_(period),
          meter_(meter),
          rows_(rows),
          at_(period.begin),
          days_end_(period.begin) {}
    void adapt(std::size_t rows);
    [[nodiscard]] Status find_day();
    [[nodiscard]] Result<bool> has_traffic(const Interval& days);

    Query* ledger_;
    Interval period_;
    std::string meter_;
    std::size_t rows_;
    UtcTime at_;
    UtcTime days_end_;              // up to here there may be traffic
    std::int64_t days_ = 1;         // that are looked at together, where there is none
    std::int64_t buckets_ = 1;      // of a slice, at most
    std::size_t last_buckets_ = 1;  // of the slice before
};

}  // namespace octroi
