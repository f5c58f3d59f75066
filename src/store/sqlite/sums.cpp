// SPDX-License-Identifier: GPL-3.0-or-later
// Sums over transfers. The rows are read in storage order and summed in a hash table here. GROUP BY
// would sort them first, which takes several times as long.
#include <fmt/format.h>

#include <algorithm>

#include "store/sqlite/rows.hpp"
#include "store/sqlite/sqlite_ledger.hpp"
#include "store/sqlite/sum_groups.hpp"

namespace octroi {
namespace {

using sqlite::Database;
using sqlite::Statement;

// The transfers of one batch that are within the period: [first, end) of transfer_id. Within a
// batch transfers are sorted by bucket, so they are contiguous.
struct Run {
    std::int64_t meter = 0;
    std::int64_t first = 0;
    std::int64_t end = 0;
    std::int64_t versions = 0;  // a place in sqlite::Versions; 0: not grouped by
};

// The buckets that start within the period, as bucket numbers, half-open.
struct BucketRange {
    std::int64_t begin = 0;
    std::int64_t end = 0;
};

// The number of the first bucket that starts at or after t.
std::int64_t first_bucket_from(UtcTime t) {
    if (t.ns < INT64_MIN + bucket_length.ns) return sqlite::bucket_number_min;
    const std::int64_t number = sqlite::bucket_number(t);
    return sqlite::bucket_time(number) < t ? number + 1 : number;
}

// Reads the sampled counts of a run in step with its transfers: both are ordered by transfer_id.
class SampledCounts {
public:
    [[nodiscard]] Status prepare(const Database& db) {
        TRY_ASSIGN(rows_, Statement::prepare(db,
                                             "SELECT transfer, bytes, packets, bytes_variance, "
                                             "packets_variance FROM sampled WHERE "
                                             "transfer >= ?1 AND transfer < ?2 ORDER BY transfer"));
        return {};
    }
    [[nodiscard]] Status begin(const Run& run) {
        rows_.reset();
        rows_.bind(1, run.first);
        rows_.bind(2, run.end);
        return advance();
    }
    // Whether the transfer has sampled counts. Call it with ascending ids.
    [[nodiscard]] Result<bool> find(std::int64_t transfer) {
        while (at_ < transfer) TRY(advance());
        return at_ == transfer;
    }
    // For the transfer that find() found; `figures` is its volume. The scaled part is the volume
    // minus the counted part. All are negative where a correction removes a transfer.
    [[nodiscard]] sqlite::SignedEstimate estimate(const sqlite::Figures& figures) const {
        sqlite::SignedEstimate scaled{figures.bytes, figures.packets, rows_.number(3),
                                      rows_.number(4)};
        scaled.add({-rows_.number(1), -rows_.number(2), 0, 0});
        return scaled;
    }

private:
    static constexpr std::int64_t none = INT64_MAX;
    [[nodiscard]] Status advance() {
        TRY_ASSIGN(const bool row, rows_.step());
        at_ = row ? rows_.number(0) : none;
        return {};
    }

    Statement rows_;
    std::int64_t at_ = none;
};

class Summer {
public:
    Summer(const Database& db, const SumQuestion& question)
        : db_(db),
          question_(question),
          range_{first_bucket_from(question.period.begin), first_bucket_from(question.period.end)} {
    }

    [[nodiscard]] Result<std::vector<TransferSum>> answer() {
        TRY_ASSIGN(rows_, Statement::prepare(db_,
                                             "SELECT bucket, from_party, to_party, service, "
                                             "bytes, packets, flows, transfer_id FROM transfer "
                                             "WHERE "
                                             "transfer_id >= ?1 AND transfer_id < ?2"));
        TRY_ASSIGN(bucket_of_, Statement::prepare(db_,
                                                  "SELECT bucket FROM transfer WHERE "
                                                  "transfer_id = ?1"));
        TRY_ASSIGN(holder_of_,
                   Statement::prepare(db_, "SELECT holder FROM party WHERE party_id = ?1"));
        if (question_.estimates) TRY(sampled_.prepare(db_));
        TRY_ASSIGN(const std::vector<Run> runs, find_runs());
        for (const Run& run : runs) TRY(add(run));
        return sqlite::name_groups(db_, question_, std::move(groups_), estimates_, versions_);
    }

private:
    // One for each batch that overlaps the period, in storage order.
    [[nodiscard]] Result<std::vector<Run>> find_runs();
    // The first transfer of [first, end) with a bucket of at least `bucket`, by bisection; `end`:
    // none.
    [[nodiscard]] Result<std::int64_t> lower_bound(std::int64_t first, std::int64_t end,
                                                   std::int64_t bucket);
    [[nodiscard]] Status add(const Run& run);
    // The party, or its holder if the query does not group by identity.
    [[nodiscard]] Result<std::int64_t> end_of(std::int64_t party);

    const Database& db_;
    const SumQuestion& question_;
    BucketRange range_;
    Statement rows_;
    SampledCounts sampled_;
    Statement bucket_of_;
    Statement holder_of_;
    std::vector<std::int64_t> holders_;  // index: party; 0: not looked up yet
    sqlite::Groups groups_;
    sqlite::Estimates estimates_;
    sqlite::Versions versions_;
};

Result<std::vector<Run>> Summer::find_runs() {
    std::string sql =
        "SELECT b.meter, b.first_transfer, b.transfers, b.first_bucket, b.last_bucket";
    // Only if asked for: the index has the other columns.
    if (question_.by_versions) sql += ", b.class_version, b.directory_version";
    sql +=
        " FROM batch b JOIN meter m ON m.meter_id = b.meter WHERE b.last_bucket >= ?1 AND "
        "b.first_bucket < ?2";
    if (question_.meter) sql += " AND m.name = ?3";
    if (question_.role) sql += " AND m.role = ?4";
    if (question_.layer) sql += " AND m.layer = ?5";
    if (question_.observed_only) sql += " AND b.kind = 1";  // BatchKind::observation
    TRY_ASSIGN(auto find, Statement::prepare(db_, sql));
    find.bind(1, range_.begin);
    find.bind(2, range_.end);
    if (question_.meter) find.bind_text(3, *question_.meter);
    if (question_.role) find.bind(4, static_cast<std::int64_t>(*question_.role));
    if (question_.layer) find.bind(5, static_cast<std::int64_t>(*question_.layer));
    std::vector<Run> runs;
    while (true) {
        TRY_ASSIGN(const bool row, find.step());
        if (!row) break;
        Run run{find.number(0), find.number(1), find.number(1) + find.number(2)};
        if (question_.by_versions)
            run.versions = versions_.number_of({find.number(5), find.number(6)});
        if (find.number(3) < range_.begin) {
            TRY_ASSIGN(run.first, lower_bound(run.first, run.end, range_.begin));
        }
        if (find.number(4) >= range_.end) {
            TRY_ASSIGN(run.end, lower_bound(run.first, run.end, range_.end));
        }
        runs.push_back(run);
    }
    std::sort(runs.begin(), runs.end(),
              [](const Run& a, const Run& b) { return a.first < b.first; });
    return runs;
}

Result<std::int64_t> Summer::lower_bound(std::int64_t first, std::int64_t end,
                                         std::int64_t bucket) {
    while (first < end) {
        const std::int64_t middle = first + (end - first) / 2;
        bucket_of_.bind(1, middle);
        TRY_ASSIGN(const bool found, bucket_of_.step());
        if (!found)
            return fail(ErrorCode::corrupt,
                        fmt::format("ledger {}: transfer {} is missing; next: run `octroi audit`",
                                    db_.path(), middle));
        const bool before = bucket_of_.number(0) < bucket;
        bucket_of_.reset();
        (before ? first : end) = before ? middle + 1 : middle;
    }
    return first;
}

Result<std::int64_t> Summer::end_of(std::int64_t party) {
    if (question_.by_identity) return party;
    const auto index = static_cast<std::size_t>(party);
    // Parties are numbered without gaps, so a vector is the smallest table.
    if (party >= 0 && index < holders_.size() && holders_[index] != 0) return holders_[index];
    holder_of_.bind(1, party);
    TRY_ASSIGN(const bool found, holder_of_.step());
    if (!found)
        return fail(ErrorCode::corrupt,
                    fmt::format("ledger {}: party {} is missing; next: run `octroi audit`",
                                db_.path(), party));
    const std::int64_t holder = holder_of_.number(0);
    holder_of_.reset();
    // The bound limits the memory that a wrong number in a damaged ledger can allocate.
    if (index < (std::size_t{1} << 32U)) {
        if (index >= holders_.size()) holders_.resize(std::max(index + 1, holders_.size() * 2));
        holders_[index] = holder;
    }
    return holder;
}

Status Summer::add(const Run& run) {
    rows_.bind(1, run.first);
    rows_.bind(2, run.end);
    if (question_.estimates) TRY(sampled_.begin(run));
    while (true) {
        TRY_ASSIGN(const bool row, rows_.step());
        if (!row) break;
        sqlite::GroupKey key;
        if (question_.by_bucket) key.bucket = rows_.number(0);
        // Also without by_meter: the meter tells the layer.
        key.meter = run.meter;
        key.versions = run.versions;
        TRY_ASSIGN(key.from, end_of(rows_.number(1)));
        TRY_ASSIGN(key.to, end_of(rows_.number(2)));
        if (question_.by_service) key.service = rows_.number(3);
        const sqlite::Figures figures{rows_.number(4), rows_.number(5), rows_.number(6)};
        if (!groups_[key].add(figures)) return std::unexpected(sqlite::sum_does_not_fit(db_));
        if (!question_.estimates) continue;
        TRY_ASSIGN(const bool is_sampled, sampled_.find(rows_.number(7)));
        if (is_sampled) estimates_[key].add(sampled_.estimate(figures));
    }
    return {};
}

}  // namespace

Result<std::vector<TransferSum>> SqliteLedger::sums(const SumQuestion& question) {
    TRY_ASSIGN(auto transaction, sqlite::Transaction::begin(db_, sqlite::Transaction::Kind::read));
    return Summer(db_, question).answer();
}

}  // namespace octroi
