// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

// The port for reading a ledger. Each call sees one consistent state and never blocks the writer.
// ledger/usage.hpp turns sums into received and sent, account trees and calendar periods.

#include <cstdint>
#include <functional>
#include <optional>
#include <string>
#include <vector>

#include "base/result.hpp"
#include "ledger/anchor.hpp"
#include "ledger/compaction.hpp"
#include "record/batch.hpp"
#include "record/estimate.hpp"

namespace octroi {

// Selects transfers, and the columns to group by. Sums are always grouped by layer. A column that
// is not grouped by is empty in TransferSum; the bucket is then the start of the period.
struct SumQuestion {
    Interval period;                   // over Transfer::bucket
    std::optional<std::string> meter;  // only this meter
    std::optional<MeterRole> role;     // only meters of this role
    std::optional<Layer> layer;        // only meters of this layer
    // Only transfers of which an end is one of these, as to_string(Party) writes them: accounts,
    // "@unattributed", classes. Empty: all.
    std::vector<std::string> ends;
    // Only transfers of which an end has this identity (canonical text).
    std::optional<std::string> identity;
    std::vector<std::string> services;  // only these; empty: all
    // Only batches up to these positions of the chains of writers, and none of other writers.
    // Absent: all batches. The answer is the same for ever, because chains only grow.
    std::optional<std::vector<ChainPosition>> as_of;
    // Groups by time steps: step i begins at steps[i] and ends where the next one begins, the last
    // one at period.end. Ascending, the first one at or before the first bucket of the period; the
    // bucket of a sum is then the beginning of its step. Empty: no time steps.
    std::vector<UtcTime> steps;
    bool by_bucket = false;  // a step for each bucket; `steps` must be empty
    bool by_meter = false;
    bool by_identity = false;  // false: parties are grouped by kind and name
    bool by_service = false;
    // Each end of a transfer by itself: see SumEnds. For questions that need no name of the far
    // end, because there are much fewer such sums. Excludes by_identity, identity, by_service,
    // services.
    bool by_end = false;
    // Accounts (first) with traffic that is summed as that of another one (second), for example of
    // an account above. `ends` are those before. Excludes by_identity and by_end.
    std::vector<std::pair<std::string, std::string>> counted_as;
    bool estimates = false;  // also sum the volumes scaled up from samples; takes longer
    // The volume as the meters observed it, without corrections.
    bool observed_only = false;
    bool by_meter_kind = false;  // with by_meter: meters of one name and several kinds are several
    // Groups by the versions of class table and directory of the batches, and by the events that
    // they knew. Needs observed_only:
    // a correction subtracts from batches of other versions.
    bool by_versions = false;
};

// Which ends of its transfers a sum stands for. With SumQuestion::by_end a transfer between two
// different local ends (accounts, unattributed) is in the sums of both: of one as SumEnds::from, of
// the other one as SumEnds::to. Traffic between a local end and the outside is in the sum of the
// local end only, and excluded traffic in that of the excluded end (both). The name of the end that
// a sum does not stand for is empty; its kind is known.
enum class SumEnds : std::uint8_t { from = 1, to = 2, both = 3 };

struct TransferSum {
    Layer layer = Layer::ip;
    UtcTime bucket;
    std::string meter;
    MeterRole role = MeterRole::bill;
    std::string meter_kind;
    Party from;
    Party to;
    SumEnds ends = SumEnds::both;
    std::string service;
    std::string class_version;
    std::uint64_t directory_version = 0;
    std::uint64_t identities_known = 0;  // as Batch::identities_known
    Volume volume;
    Estimate estimate;  // the part of the volume that scaling added; zero unless asked for

    auto operator<=>(const TransferSum&) const = default;
};

// Which inside addresses used a translated (outside) address at a moment.
struct TranslationQuestion {
    Address outside;
    std::optional<std::uint16_t> port;     // absent: any, also protocols without ports
    std::optional<std::uint8_t> protocol;  // absent: any
    UtcTime at;
};

struct MeterState {
    MeterName meter;
    std::uint64_t batches = 0;
    UtcTime last_booked;                    // booked_at of the newest batch
    UtcTime last_traffic = UtcTime::min();  // the latest packet, or end of a record; min: none
    Volume volume;                          // sum of all its transfers; 2^64-1: that or more
    std::uint64_t losses = 0;               // number of loss records
    std::uint64_t lost_packets = 0;         // sum over the losses with a known number
    std::vector<Cursor> cursors;
};

struct MeterLoss {
    std::string meter;
    Loss loss;
};

// What a ledger contains, and what it takes of the disk.
struct LedgerFacts {
    std::uint64_t octets = 0;       // of the database, free ones included
    std::uint64_t free_octets = 0;  // will be used before the database grows
    std::uint64_t log_octets = 0;   // write-ahead log beside the database
    struct Rows {
        std::string kind;  // plural, for people: "batches", "transfers"
        std::uint64_t rows = 0;
    };
    std::vector<Rows> rows;  // one for each kind, the same kinds in every ledger
    // The earliest and the latest bucket with traffic. first > last: there is no traffic.
    UtcTime first_bucket = UtcTime::max();
    UtcTime last_bucket = UtcTime::min();
    // A day in UTC in which batches were booked (Batch::booked_at).
    struct Day {
        UtcTime begin;
        std::uint64_t batches = 0;
        std::uint64_t transfers = 0;
    };
    std::vector<Day> days;     // ascending
    std::uint64_t chains = 0;  // of writers
    // Transfers that are there: those that were not compacted.
    std::uint64_t transfers = 0;
    std::uint64_t sums = 0;  // by hour and day, of compacted batches
    // Of these, what the retention of the question lets a compaction replace: transfers of
    // old_batches, and sums by hour.
    std::uint64_t old_batches = 0;
    std::uint64_t old_transfers = 0;
    std::uint64_t old_hours = 0;
};

// A batch as it is stored, with its position in the chain of its writer. Its content is not
// checked.
struct StoredBatch {
    // Order of the commits to this ledger, over all writers: 1, 2, 3, … without gaps. Another copy
    // of the same batches may number them otherwise.
    std::uint64_t number = 0;
    Writer writer;
    std::uint64_t sequence = 0;
    Batch batch;
    BatchDigests digests;       // as stored
    std::string previous_hash;  // as stored; 32 octets, unless the row is damaged
    std::string hash;           // as stored; 32 octets, unless the row is damaged
    // Of its transfers, as stored. Not hashed.
    std::optional<UtcTime> first_bucket;
    std::optional<UtcTime> last_bucket;
    // Its transfers and sampled counts, and all cursors but the current ones, are gone: a
    // compaction has replaced them by sums (ledger/compaction.hpp).
    bool compacted = false;
    // For people; empty: none. Says which rows of the batch are missing or unreadable, because the
    // database is damaged or another program has changed it. The other fields are as found.
    std::string damage;
};

// A version of the directory as it is stored, with its position in the chain of the directory.
struct StoredDirectoryChange {
    DirectoryDelta delta;
    std::string hash;
    std::string damage;  // as in StoredBatch
};

// An anchor as it is stored.
struct StoredAnchor {
    Anchor anchor;
    std::string previous_hash;
    std::string hash;
    std::string damage;  // as in StoredBatch
};

// A figure of which corrections may have removed more than there was.
struct SignedVolume {
    std::int64_t bytes = 0;
    std::int64_t packets = 0;
    std::int64_t flows = 0;
};

// A compaction as it is stored, and what its rows sum to.
struct StoredCompaction {
    CompactionRecord record;
    std::string previous_hash;
    std::string hash;
    // A later compaction contains its batches and has replaced its rows.
    bool is_replaced = false;
    // Unless it is replaced; and the parts of each meter, as in UsageTotals, in the same order.
    CompactionContent found;
    struct Parts {
        SignedVolume attributed;
        SignedVolume unattributed;
        SignedVolume excluded;
        SignedVolume transit;
    };
    std::vector<Parts> parts;
    std::string damage;  // as in StoredBatch
};

// Batches by number: those after `after`, up to `until`.
struct BatchRange {
    std::uint64_t after = 0;
    std::uint64_t until = UINT64_MAX;
};

class Query {
public:
    virtual ~Query() = default;

    // Fast: the time depends on the number of batches, not on that of transfers.
    [[nodiscard]] virtual Result<LedgerFacts> facts(const Retention& retention) = 0;

    // Copies the ledger as it is at the beginning of the call into a new file, with mode 0640,
    // which is a ledger then. Commits meanwhile are neither delayed nor copied. The observer is
    // called a few times a second; its error ends the copy and is returned. After any error there
    // is no file. Errors: exists (a file is never overwritten), unsupported (the ledger is not a
    // file), permission, no_space, failed.
    struct BackupProgress {
        std::uint64_t octets = 0;  // copied
        std::uint64_t total = 0;
    };
    using BackupObserver = std::function<Status(const BackupProgress&)>;
    [[nodiscard]] virtual Status backup(const std::string& path, const BackupObserver& observe) = 0;

    // All calls of this object within `inside` see the same state of the ledger. Must not be
    // nested. Returns the error of `inside`.
    [[nodiscard]] virtual Status snapshot(const std::function<Status()>& inside) = 0;

    // Sorted by the fields of TransferSum, in their order. Sums are 128 bits wide; a
    // figure above 64 bits, which only forged traffic has, is given as the highest value. Error:
    // corrupt.
    [[nodiscard]] virtual Result<std::vector<TransferSum>> sums(const SumQuestion& question) = 0;
    // By name.
    [[nodiscard]] virtual Result<std::vector<MeterState>> meters() = 0;
    // By name: all that a transfer of any batch has had.
    [[nodiscard]] virtual Result<std::vector<std::string>> services() = 0;
    // Names of outside ends, as services().
    [[nodiscard]] virtual Result<std::vector<std::string>> classes() = 0;
    // Start of the earliest bucket (or hour, day: of its sums) with traffic; absent: none.
    [[nodiscard]] virtual Result<std::optional<UtcTime>> first_bucket() = 0;
    // The losses with an interval that overlaps the period, by begin.
    [[nodiscard]] virtual Result<std::vector<MeterLoss>> losses(Interval period) = 0;

    // The translations that were valid at the moment, sorted. A translation without a known end is
    // valid until the next one of the same exporter with the same outside address, protocol, ports
    // and remote end begins.
    [[nodiscard]] virtual Result<std::vector<Translation>> translations(
        const TranslationQuestion& question) = 0;

    // The last links of all chains, that of the anchors included, sorted. A chain without a link
    // has none.
    [[nodiscard]] virtual Result<std::vector<ChainHead>> heads() = 0;
    // The hash of the link of that chain and sequence; nullopt: there is none.
    [[nodiscard]] virtual Result<std::optional<std::string>> link_hash(const ChainHead& link) = 0;
    // Visits every anchor in order of its number. An error of a visitor ends a walk and is
    // returned.
    using AnchorVisitor = std::function<Status(const StoredAnchor&)>;
    [[nodiscard]] virtual Status each_anchor(const AnchorVisitor& visit) = 0;

    // Visits every compaction in order of its number. If the last batch is `sums_after` or an
    // earlier one, the sums are not computed. Records do not change, so it needs no single state
    // (as each_batch_in()).
    using CompactionVisitor = std::function<Status(const StoredCompaction&)>;
    [[nodiscard]] virtual Status each_compaction(std::uint64_t sums_after,
                                                 const CompactionVisitor& visit) = 0;

    // The number of the newest batch; 0: none.
    [[nodiscard]] virtual Result<std::uint64_t> last_batch() = 0;
    // Visits batches in order of their numbers, up to the newest one as of the beginning of the
    // call. Committed batches do not change, so it needs no single state: outside of snapshot() it
    // reads some thousand rows at a time, and the database can clean up between them.
    using BatchVisitor = std::function<Status(const StoredBatch&)>;
    [[nodiscard]] virtual Status each_batch_in(const BatchRange& range,
                                               const BatchVisitor& visit) = 0;
    [[nodiscard]] Status each_batch(const BatchVisitor& visit) { return each_batch_in({}, visit); }
    // The same for the versions of the directory.
    using DirectoryVisitor = std::function<Status(const StoredDirectoryChange&)>;
    [[nodiscard]] virtual Status each_directory_change(const DirectoryVisitor& visit) = 0;
    // The current cursors with the names of their meters. The audit compares them with those of the
    // batches.
    [[nodiscard]] virtual Result<std::vector<std::pair<std::string, Cursor>>> current_cursors() = 0;
    // Checks what the walks above cannot see: pages, indices, rows that belong to no batch, class
    // tables. Returns one sentence for each finding; none: no damage was found. after_batch: 0, or
    // only what batches after this one brought is checked, and no pages and indices.
    [[nodiscard]] virtual Result<std::vector<std::string>> self_check(
        std::uint64_t after_batch) = 0;
};

}  // namespace octroi
