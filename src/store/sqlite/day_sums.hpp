// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

// Sums by day (tables day_sum and day_end), derived from the rows of batches. They are brought up
// to date when many transfers wait, so a commit of a busy ledger costs little more and a question
// reads few transfers. A question adds to them the transfers of later batches.

#include <boost/unordered/unordered_flat_map.hpp>
#include <cstdint>
#include <functional>
#include <optional>

#include "base/time.hpp"
#include "host/file.hpp"
#include "store/sqlite/database.hpp"
#include "store/sqlite/day_ends.hpp"
#include "store/sqlite/day_rows.hpp"
#include "store/sqlite/linear_hash.hpp"
#include "store/sqlite/rows.hpp"

namespace octroi::sqlite {

// What the sums contain (table day_state).
[[nodiscard]] Result<DayPosition> day_state(const Database& db);
// They are made again and not yet empty: nothing of them counts.
[[nodiscard]] constexpr bool is_emptying(const DayPosition& summed) noexcept {
    return summed.rows < 0;
}

class DaySums {
public:
    // day_of: as LedgerOptions::day_of. The database must outlive it.
    DaySums(const Database& db, std::function<Interval(UtcTime)> day_of);

    // Adds to the sums, if at least so many transfers wait, or some thousand batches. For the end
    // of a commit: ends soon (later if much waits), does not wait for another writer, and leaves it
    // to a process that compacts the ledger or makes the sums again.
    [[nodiscard]] Status add_pending(std::int64_t least);
    // Adds all that is missing, in slices with rests between them. Neither must be called within a
    // transaction. go_on: asked between them; false: stop.
    [[nodiscard]] Status catch_up(const std::function<bool()>& go_on);
    // Empties the sums and makes them again, as catch_up(). The caller makes sure that no batches
    // are compacted meanwhile. Cut off at any moment, later slices go on with it.
    [[nodiscard]] Status rebuild();
    // Whether the sums are those of the rows of their batches. Reads all of them, in short
    // transactions if no other process compacts or makes the sums again, and compares a random
    // linear hash of both: a wrong row is not found with a chance of 2^-60.
    [[nodiscard]] Result<bool> check();

    // The day that contains the bucket. A new one gets a row, which needs a write transaction; the
    // buckets of batches that the sums contain have one.
    [[nodiscard]] Result<BucketRange> day_at(std::int64_t bucket);

private:
    using Sums = boost::unordered_flat_map<DayKey, DayFigures, DayKeyHash>;
    // False: nothing is missing any more.
    [[nodiscard]] Result<bool> add_slice(Transaction::Kind kind, std::size_t sums_max);
    // Deletes some rows of sums that are made again, and begins to make them when there are none.
    [[nodiscard]] Status empty_slice();
    // lock: as try_lock_for_compaction(); with it, the sums are read in slices. nullopt: batches
    // were compacted meanwhile, or the sums changed.
    [[nodiscard]] Result<std::optional<bool>> compare(Fd lock);
    [[nodiscard]] Status write(const Sums& sums);
    // of_rows: the rows of batches less those of day_sum; of_ends: the rows of day_sum less those
    // of day_end.
    struct Hashes {
        LinearHash<DayKey, DayKeyHash> of_rows;
        LinearHash<DayEndKey, DayEndKeyHash> of_ends;
    };
    // With all rows of day_sum and day_end.
    [[nodiscard]] Result<Hashes> hash_sums(bool in_slices);
    [[nodiscard]] Result<std::optional<BucketRange>> find_day(std::int64_t bucket);
    [[nodiscard]] Result<BucketRange> insert_day(std::int64_t bucket);

    const Database& db_;
    DayEnds ends_;
    std::function<Interval(UtcTime)> day_of_;
    BucketRange last_day_;  // answers most calls of day_at()
    DayRows rows_;
};

}  // namespace octroi::sqlite
