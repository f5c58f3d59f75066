// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

// What has been compacted (tables compaction, compaction_meter and old_transfer), for questions,
// for the audit and for the next compaction.

#include <cstdint>
#include <span>
#include <string>
#include <vector>

#include "ledger/compaction.hpp"
#include "ledger/query.hpp"
#include "store/sqlite/database.hpp"
#include "store/sqlite/rows.hpp"

namespace octroi::sqlite {

// Consecutive batches with rows in old_transfer.
struct CompactedRun {
    std::int64_t compaction = 0;
    UtcTime at;
    CompactionLevel level = CompactionLevel::hour;
    std::int64_t first_batch = 0;
    std::int64_t last_batch = 0;
    BucketRange traffic;  // of the transfers that were replaced; empty: there were none

    [[nodiscard]] bool contains(std::int64_t batch) const noexcept {
        return first_batch <= batch && batch <= last_batch;
    }
};

// The records that no later one replaces, by batch. They do not overlap.
[[nodiscard]] Result<std::vector<CompactedRun>> compacted_runs(const Database& db);
// The run that contains the batch; null: none.
[[nodiscard]] const CompactedRun* run_of(std::span<const CompactedRun> runs, std::int64_t batch);

// The numbers of the batches that were booked, and with traffic that ended, before the moment, and
// that are not in `runs`, ascending.
[[nodiscard]] Result<std::vector<std::int64_t>> old_batches(const Database& db,
                                                            std::span<const CompactedRun> runs,
                                                            UtcTime before);

// A row of old_transfer, without its compaction.
struct OldRow {
    std::int64_t begin = 0;
    std::int64_t meter = 0;
    std::int64_t from = 0;
    std::int64_t to = 0;
    std::int64_t service = 0;
    DayFigures figures{};

    auto operator<=>(const OldRow&) const = default;
};

// Error: corrupt (there is no such meter).
[[nodiscard]] Result<MeterName> meter_name(const Database& db, std::int64_t number);

// The digest for a record of the batches, as they are in the ledger now.
[[nodiscard]] Result<std::string> batches_digest(const Database& db, std::int64_t first,
                                                 std::int64_t last);

// Reads what compaction_meter says of the record `record.number`.
[[nodiscard]] Status read_meters(const Database& db, CompactionRecord& record);
// All records, by number, without what their rows say.
[[nodiscard]] Result<std::vector<StoredCompaction>> stored_compactions(const Database& db);
// Error: corrupt (the records are not a chain).
[[nodiscard]] Status check_compactions(const Database& db);

// The columns of OldRow, in its order, for a SELECT; and a row from them.
inline constexpr const char* old_row_columns =
    "begin, meter, from_party, to_party, service, bytes, packets, flows, scaled_bytes, "
    "scaled_packets, bytes_variance, packets_variance";
[[nodiscard]] OldRow old_row_from(const Statement& row, int column);

// All rows of a compaction, sorted.
[[nodiscard]] Result<std::vector<OldRow>> read_old_rows(const Database& db,
                                                        std::int64_t compaction);

// What the rows sum to, with the names of the ledger. `rows`: sorted. The volumes are the sums of
// the rows; negative ones are in two's complement, as in a damaged ledger. Error: corrupt (a name
// is missing, or a sum does not fit).
[[nodiscard]] Result<std::vector<CompactedMeter>> summarize(const Database& db,
                                                            std::span<const OldRow> rows);

}  // namespace octroi::sqlite
