// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

// Sums by day (table day_sum), derived from the transfers. They are brought up to date when many
// transfers wait, so a commit of a busy ledger costs little more and a question reads few
// transfers. A question adds to them the transfers of later batches.

#include <cstdint>
#include <functional>
#include <vector>

#include "ledger/query.hpp"
#include "store/sqlite/database.hpp"
#include "store/sqlite/rows.hpp"
#include "store/sqlite/sum_groups.hpp"

namespace octroi::sqlite {

// The columns of day_sum behind its key: bytes, packets, flows, scaled bytes and packets, and the
// two variances. A sum above the limit stays there: it is not known.
inline constexpr std::size_t day_figures = 7;
inline constexpr std::int64_t day_figure_max = (std::int64_t{1} << 62U) - 1;

class DaySums {
public:
    // day_of: as LedgerOptions::day_of. The database must outlive it.
    DaySums(const Database& db, std::function<Interval(UtcTime)> day_of);

    // Adds all committed batches that the sums lack, if they have at least `least` transfers. In a
    // transaction of its own; must not be called within another one.
    [[nodiscard]] Status catch_up(std::int64_t least);
    // Empties the sums; catch_up() then makes them again. Within a write transaction.
    [[nodiscard]] Status clear();

    // The day that contains the bucket. A new one gets a row, which needs a write transaction; the
    // buckets of batches that the sums contain have one.
    [[nodiscard]] Result<BucketRange> day_at(std::int64_t bucket);

private:
    class Adder;
    // The holder of a party, and whether it is an account or unattributed.
    struct End {
        std::int64_t holder = 0;  // 0: not read yet
        bool is_local = false;
    };
    [[nodiscard]] Result<BucketRange> insert_day(std::int64_t bucket);
    [[nodiscard]] Result<End> end_of(Statement& find, std::int64_t party);

    const Database& db_;
    std::function<Interval(UtcTime)> day_of_;
    BucketRange last_day_;   // answers most calls of day_at()
    std::vector<End> ends_;  // by party number
};

}  // namespace octroi::sqlite
