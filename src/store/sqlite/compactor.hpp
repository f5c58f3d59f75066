// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

// Replaces the transfers of old batches by sums by hour, and those by sums by day.
//
// The sums of a run of batches are written in slices, as rows of a compaction that has no record
// yet: nobody reads them. One small transaction then adds the record. From then on readers read the
// sums and pass over the transfers, which are deleted in slices. So a slice is a short transaction
// at any time, and a compaction that was cut off at any moment is finished, or its rows are
// removed, by the next one.

#include <functional>
#include <vector>

#include "ledger/compaction.hpp"
#include "store/sqlite/compacted.hpp"
#include "store/sqlite/database.hpp"
#include "store/sqlite/day_sums.hpp"

namespace octroi::sqlite {

class Compactor {
public:
    // All must outlive it. The caller makes sure that one compactor at a time works on a ledger.
    Compactor(const Database& db, DaySums& days, const CompactionPause& pause)
        : db_(db), days_(days), pause_(pause) {}

    [[nodiscard]] Status run(const Retention& retention, UtcTime now);
    [[nodiscard]] const CompactionProgress& progress() const noexcept { return progress_; }

private:
    // Consecutive batches to compact.
    struct Plan {
        CompactionLevel level = CompactionLevel::hour;
        std::int64_t first_batch = 0;
        std::int64_t last_batch = 0;
        std::vector<std::int64_t> replaced;  // for days: the compactions with the rows to sum
    };
    [[nodiscard]] Result<std::vector<Plan>> plan_hours(UtcTime before);
    [[nodiscard]] Result<std::vector<Plan>> plan_days(UtcTime before);
    [[nodiscard]] Status compact(const std::vector<Plan>& plans, UtcTime now);
    [[nodiscard]] Status compact(const Plan& plan, UtcTime now);
    [[nodiscard]] Result<std::vector<OldRow>> sum_rows(const Plan& plan, std::uint64_t& removed);
    [[nodiscard]] Status write_rows(std::int64_t number, const std::vector<OldRow>& rows);
    [[nodiscard]] Status write_record(const CompactionRecord& record);
    [[nodiscard]] Status clean_up();
    [[nodiscard]] Status delete_slices(const char* sql, std::int64_t first, std::int64_t second,
                                       bool counts);
    // False: stop.
    [[nodiscard]] bool go_on() {
        stopped_ = stopped_ || (pause_ && !pause_(progress_));
        return !stopped_;
    }

    const Database& db_;
    DaySums& days_;
    const CompactionPause& pause_;
    CompactionProgress progress_;
    bool stopped_ = false;
};

}  // namespace octroi::sqlite
