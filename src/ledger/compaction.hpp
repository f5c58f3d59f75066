// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

// Retention: transfers of old batches are replaced by sums by hour, later by sums by day. The
// headers of the batches stay, and a chained record says which batches were compacted and what
// their transfers summed to. Specification: docs/format/chain.md.

#include <cstdint>
#include <functional>
#include <optional>
#include <span>
#include <string>
#include <vector>

#include "ledger/chain.hpp"
#include "record/batch.hpp"

namespace octroi {

// The numbers are stored in ledgers: do not change them, only add.
enum class CompactionLevel : std::uint8_t {
    hour = 1,  // rows are sums of hours, counted from the beginning of their day
    day = 2,
};

// What may be compacted. UtcTime::min(): nothing.
struct Retention {
    // Batches that were booked, and with traffic that ended, before this moment: to hours.
    UtcTime fine_before = UtcTime::min();
    // Sums by hour that end before this moment: to days.
    UtcTime hours_before = UtcTime::min();

    auto operator<=>(const Retention&) const = default;
};

// The rows of one meter in a compaction.
struct CompactedMeter {
    MeterName meter;
    Volume volume;         // of its observations
    ListDigest transfers;  // of the rows, as transfers of a batch with hours or days as buckets
    ListDigest sampled;

    bool operator==(const CompactedMeter&) const = default;
};

// The current cursor of a source of a meter: no later batch has moved it.
struct KeptCursor {
    std::string meter;
    Cursor cursor;

    auto operator<=>(const KeptCursor&) const = default;
};

struct CompactionRecord {
    std::uint64_t number = 0;  // 1, 2, 3, … without gaps
    UtcTime at;
    CompactionLevel level = CompactionLevel::hour;
    std::uint64_t first_batch = 0;  // StoredBatch::number
    std::uint64_t last_batch = 0;
    Interval traffic{UtcTime{}, UtcTime{}};  // of the transfers; empty: there are none
    std::uint64_t removed = 0;               // rows that were replaced
    std::string batches_digest;              // BatchesDigest of these batches
    // What stays beside the rows: the days that they are in; the cursors that were current then;
    // and, of the batches of this and all earlier compactions, the translations that have not
    // ended.
    ListDigest days;
    ListDigest cursors;
    ListDigest translations;
    std::vector<CompactedMeter> meters;  // by name, kind, role and layer

    bool operator==(const CompactionRecord&) const = default;
};

// The digest of the hashes of batches, and of the first and last bucket that the ledger says they
// have: these can no longer be computed.
class BatchesDigest {
public:
    void add(std::string_view hash, std::optional<UtcTime> first_bucket,
             std::optional<UtcTime> last_bucket);
    // The last call on this object.
    [[nodiscard]] std::string finish() { return hasher_.finish(); }

private:
    Hasher hasher_;
};

// Days, ascending.
[[nodiscard]] ListDigest days_digest(std::span<const Interval> days);
// Sorted by meter and source.
[[nodiscard]] ListDigest kept_cursors_digest(std::span<const KeptCursor> cursors);
// In any order: the digest of a batch with these translations.
[[nodiscard]] ListDigest translations_digest(std::vector<Translation> translations);

// The translations that are kept of the batches of one record.
struct KeptTranslations {
    std::uint64_t first_batch = 0;
    std::uint64_t last_batch = 0;
    ListDigest list;  // translations_digest()
};
// By first batch; without records that have kept none.
[[nodiscard]] ListDigest kept_translations_digest(std::span<const KeptTranslations> records);

// What a store has of a compaction.
struct CompactionContent {
    std::vector<CompactedMeter> meters;  // computed from the rows
    ListDigest days;
    std::vector<KeptCursor> cursors;
    std::optional<ListDigest> translations;  // absent: there is a later record

    [[nodiscard]] bool is_that_of(const CompactionRecord& record) const;
};

// A link of the chain of compactions.
[[nodiscard]] std::string compaction_hash(std::string_view previous_hash,
                                          const CompactionRecord& record);

struct CompactionProgress {
    std::uint64_t batches = 0;  // compacted so far by this call
    std::uint64_t removed = 0;  // rows removed so far
    std::uint64_t added = 0;    // rows of sums written so far
};
// Called between the slices of a compaction, outside of any transaction. The compaction itself
// rests, so that other writers get their turn. False: stop here; the next call goes on.
using CompactionPause = std::function<bool(const CompactionProgress&)>;

}  // namespace octroi
