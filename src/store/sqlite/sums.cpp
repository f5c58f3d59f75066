// SPDX-License-Identifier: GPL-3.0-or-later
// Sums over transfers. The rows are read in storage order and summed in a hash table here. GROUP BY
// would sort them first, which takes several times as long.
#include <fmt/format.h>

#include <algorithm>

#include "store/sqlite/rows.hpp"
#include "store/sqlite/sqlite_ledger.hpp"
#include "store/sqlite/sum_collector.hpp"

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
};

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
          range_{sqlite::first_bucket_from(question.period.begin),
                 sqlite::first_bucket_from(question.period.end)},
          collector_(db, question) {}

    [[nodiscard]] Result<std::vector<TransferSum>> answer() {
        TRY(collector_.prepare());
        if (!collector_.selects_nothing()) TRY(add_runs());
        return collector_.finish();
    }

private:
    [[nodiscard]] Status add_runs();
    // One for each batch that overlaps the period, in storage order.
    [[nodiscard]] Result<std::vector<Run>> find_runs();
    // The first transfer of [first, end) with a bucket of at least `bucket`, by bisection; `end`:
    // none.
    [[nodiscard]] Result<std::int64_t> lower_bound(std::int64_t first, std::int64_t end,
                                                   std::int64_t bucket);
    [[nodiscard]] Status add(const Run& run);

    const Database& db_;
    const SumQuestion& question_;
    sqlite::BucketRange range_;
    sqlite::SumCollector collector_;
    Statement rows_;
    SampledCounts sampled_;
    Statement bucket_of_;
};

Status Summer::add_runs() {
    TRY_ASSIGN(rows_, Statement::prepare(db_,
                                         "SELECT bucket, from_party, to_party, service, "
                                         "bytes, packets, flows, transfer_id FROM transfer "
                                         "WHERE "
                                         "transfer_id >= ?1 AND transfer_id < ?2"));
    TRY_ASSIGN(bucket_of_, Statement::prepare(db_,
                                              "SELECT bucket FROM transfer WHERE "
                                              "transfer_id = ?1"));
    if (question_.estimates) TRY(sampled_.prepare(db_));
    TRY_ASSIGN(const std::vector<Run> runs, find_runs());
    for (const Run& run : runs) TRY(add(run));
    return {};
}

Result<std::vector<Run>> Summer::find_runs() {
    std::string sql =
        "SELECT b.meter, b.first_transfer, b.transfers, b.first_bucket, b.last_bucket FROM batch b "
        "JOIN meter m ON m.meter_id = b.meter WHERE b.last_bucket >= ?1 AND b.first_bucket < ?2";
    if (question_.meter) sql += " AND m.name = ?3";
    if (question_.role) sql += " AND m.role = ?4";
    if (question_.layer) sql += " AND m.layer = ?5";
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

Status Summer::add(const Run& run) {
    rows_.bind(1, run.first);
    rows_.bind(2, run.end);
    if (question_.estimates) TRY(sampled_.begin(run));
    while (true) {
        TRY_ASSIGN(const bool row, rows_.step());
        if (!row) break;
        const sqlite::Figures figures{rows_.number(4), rows_.number(5), rows_.number(6)};
        TRY_ASSIGN(const auto group, collector_.add({rows_.number(0), run.meter, rows_.number(1),
                                                     rows_.number(2), rows_.number(3), figures}));
        if (!group || !question_.estimates) continue;
        TRY_ASSIGN(const bool is_sampled, sampled_.find(rows_.number(7)));
        if (is_sampled) collector_.add_estimate(*group, sampled_.estimate(figures));
    }
    return {};
}

}  // namespace

Result<std::vector<TransferSum>> SqliteLedger::sums(const SumQuestion& question) {
    TRY_ASSIGN(auto transaction, sqlite::Transaction::begin(db_, sqlite::Transaction::Kind::read));
    return Summer(db_, question).answer();
}

Result<std::optional<UtcTime>> SqliteLedger::first_bucket() {
    TRY_ASSIGN(auto find, Statement::prepare(db_, "SELECT min(first_bucket) FROM batch"));
    TRY_ASSIGN(const bool found, find.step());
    if (!found || find.is_null(0)) return std::nullopt;
    return sqlite::bucket_time(find.number(0));
}

Result<std::vector<std::string>> SqliteLedger::services() {
    TRY_ASSIGN(auto find, Statement::prepare(db_, "SELECT name FROM service ORDER BY name"));
    std::vector<std::string> names;
    while (true) {
        TRY_ASSIGN(const bool row, find.step());
        if (!row) return names;
        names.push_back(find.text(0));
    }
}

}  // namespace octroi
