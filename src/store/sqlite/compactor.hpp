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
#include <optional>
#include <span>
#include <utility>
#include <vector>

#include "ledger/compaction.hpp"
#include "store/sqlite/compacted.hpp"
#include "store/sqlite/compaction_cleanup.hpp"
#include "store/sqlite/compaction_slices.hpp"
#include "store/sqlite/database.hpp"
#include "store/sqlite/day_sums.hpp"
#include "store/sqlite/translation_compaction.hpp"

namespace octroi::sqlite {

class Compactor {
public:
    // Whether the rows of the batches are those that their headers promise. Error: corrupt.
    using CheckBatches = std::function<Status(const BatchRange&)>;

    // All must outlive it. The caller makes sure that one compactor at a time works on a ledger.
    Compactor(const Database& db, DaySums& days, CheckBatches check_batches,
              const CompactionPause& pause)
        : db_(db), days_(days), check_batches_(std::move(check_batches)), slices_(pause) {}

    // Batches that cannot be compacted are kept, and the others are compacted. Then the error is
    // the first one of these.
    [[nodiscard]] Status run(const Retention& retention, UtcTime now);
    [[nodiscard]] const CompactionProgress& progress() const noexcept { return slices_.progress; }

private:
    // A batch, or, for days, a compaction with the rows to sum.
    struct Part {
        std::int64_t first_batch = 0;
        std::int64_t last_batch = 0;
        std::int64_t compaction = 0;
        std::int64_t rows = 0;
    };
    // What becomes one compaction: consecutive batches.
    struct Plan {
        CompactionLevel level = CompactionLevel::hour;
        std::vector<Part> parts;  // at least one

        [[nodiscard]] std::int64_t first_batch() const { return parts.front().first_batch; }
        [[nodiscard]] std::int64_t last_batch() const { return parts.back().last_batch; }
    };
    [[nodiscard]] Result<std::vector<Plan>> plan_hours(UtcTime before);
    [[nodiscard]] Result<std::vector<Plan>> plan_days(UtcTime before);
    [[nodiscard]] Result<std::vector<Plan>> plans_of(CompactionLevel level,
                                                     std::span<const Part> parts);
    [[nodiscard]] Status compact(std::vector<Plan> plans, UtcTime now);
    [[nodiscard]] Status compact(const Plan& plan, UtcTime now);
    [[nodiscard]] Status go_on_after(const Status& status);
    [[nodiscard]] Status check_replaced(const Plan& plan);
    [[nodiscard]] Result<std::vector<OldRow>> sum_rows(const Plan& plan, std::uint64_t& removed);
    [[nodiscard]] Result<std::vector<KeptCursor>> cursors_of(const Plan& plan);
    [[nodiscard]] Status write_rows(std::int64_t number, std::span<const OldRow> rows);
    [[nodiscard]] Status write_cursors(std::int64_t number, std::span<const KeptCursor> cursors);
    template <typename Row, typename Write>
    [[nodiscard]] Status write_slices(std::span<const Row> rows, Write write);
    [[nodiscard]] Status record_run(const CompactedRun& run, CompactionRecord& record);
    [[nodiscard]] Result<bool> write_record(const CompactionRecord& record);

    const Database& db_;
    DaySums& days_;
    CheckBatches check_batches_;
    std::optional<Error> problem_;  // the first one
    CompactionSlices slices_;
    CompactionCleanup cleanup_{db_, slices_};
    TranslationCompaction translations_{db_, slices_};
};

}  // namespace octroi::sqlite
