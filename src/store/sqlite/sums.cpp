// SPDX-License-Identifier: GPL-3.0-or-later
// Sums over transfers, from the coarsest rows that fit (sum_plan.hpp). Rows are read in storage
// order and summed in a hash table. GROUP BY would sort them first, which takes several times as
// long.
#include "base/check.hpp"
#include "store/sqlite/day_end_reader.hpp"
#include "store/sqlite/day_reader.hpp"
#include "store/sqlite/old_reader.hpp"
#include "store/sqlite/sqlite_ledger.hpp"
#include "store/sqlite/sum_collector.hpp"
#include "store/sqlite/sum_runs.hpp"

namespace octroi {
namespace {

using sqlite::Database;
using sqlite::Statement;

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
    [[nodiscard]] Status begin(const sqlite::TransferRun& run) {
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
        scaled.add({sqlite::wrapped_difference(0, rows_.number(1)),
                    sqlite::wrapped_difference(0, rows_.number(2)), 0, 0});
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
    // with_days: sums by day are used. A day on which one of them is at its limit is read from the
    // rows that it consists of.
    Summer(const Database& db, const SumQuestion& question, bool with_days)
        : db_(db),
          question_(question),
          with_days_(with_days),
          period_{sqlite::first_bucket_from(question.period.begin),
                  sqlite::first_bucket_from(question.period.end)},
          collector_(db, question) {}

    [[nodiscard]] Result<std::vector<TransferSum>> answer() {
        TRY(collector_.prepare());
        if (!collector_.selects_nothing()) TRY(add_all());
        return collector_.finish();
    }

private:
    [[nodiscard]] Status add_all();
    [[nodiscard]] Status add(const sqlite::TransferRun& run);

    const Database& db_;
    const SumQuestion& question_;
    bool with_days_;
    sqlite::BucketRange period_;
    sqlite::SumCollector collector_;
    Statement rows_;
    SampledCounts sampled_;
};

Status Summer::add_all() {
    TRY_ASSIGN(const auto compacted, sqlite::compacted_runs(db_));
    TRY_ASSIGN(auto plan,
               sqlite::plan_sums(db_, question_, period_, collector_.steps(), compacted));
    if (!with_days_ && !plan.days.empty()) {
        plan.days.clear();
        plan.rest = {period_};
    }
    TRY_ASSIGN(const auto meters, sqlite::selected_meters(db_, question_));
    TRY_ASSIGN(const auto limits, sqlite::writer_limits(db_, question_));
    const sqlite::RunQuestion question{.period = period_,
                                       .plan = plan,
                                       .meters = meters,
                                       .compacted = compacted,
                                       .limits = limits,
                                       .observed_only = question_.observed_only,
                                       .by_versions = question_.by_versions};
    const auto add_days = question_.by_end ? sqlite::add_day_ends : sqlite::add_day_sums;
    TRY(add_days(db_, question_, plan.days, meters, collector_));
    TRY(sqlite::add_old_sums(db_, question_, question, collector_));
    TRY_ASSIGN(rows_, Statement::prepare(db_,
                                         "SELECT bucket, from_party, to_party, service, "
                                         "bytes, packets, flows, transfer_id FROM transfer "
                                         "WHERE "
                                         "transfer_id >= ?1 AND transfer_id < ?2"));
    if (question_.estimates) TRY(sampled_.prepare(db_));
    TRY_ASSIGN(const auto runs, sqlite::find_runs(db_, question));
    for (const sqlite::TransferRun& run : runs) TRY(add(run));
    return {};
}

Status Summer::add(const sqlite::TransferRun& run) {
    rows_.bind(1, run.first);
    rows_.bind(2, run.end);
    if (question_.estimates) TRY(sampled_.begin(run));
    const std::int64_t versions =
        question_.by_versions ? collector_.versions().number_of(run.versions) : 0;
    while (true) {
        TRY_ASSIGN(const bool row, rows_.step());
        if (!row) break;
        const sqlite::Figures figures{rows_.number(4), rows_.number(5), rows_.number(6)};
        TRY_ASSIGN(const auto groups, collector_.add(sqlite::SumRow{
                                          rows_.number(0), run.meter, rows_.number(1),
                                          rows_.number(2), rows_.number(3), figures, versions}));
        if (groups.empty() || !question_.estimates) continue;
        TRY_ASSIGN(const bool is_sampled, sampled_.find(rows_.number(7)));
        if (is_sampled) collector_.add_estimate(groups, sampled_.estimate(figures));
    }
    return {};
}

Result<std::vector<std::string>> names(const Database& db, const char* sql) {
    TRY_ASSIGN(auto find, Statement::prepare(db, sql));
    std::vector<std::string> found;
    while (true) {
        TRY_ASSIGN(const bool row, find.step());
        if (!row) return found;
        found.push_back(find.text(0));
    }
}

}  // namespace

Result<std::vector<TransferSum>> SqliteLedger::sums(const SumQuestion& question) {
    CHECK(!question.by_end || (!question.by_identity && !question.identity &&
                               !question.by_service && question.services.empty()));
    CHECK(question.counted_as.empty() || (!question.by_identity && !question.by_end));
    TRY_ASSIGN(auto transaction, sqlite::Transaction::begin(db_, sqlite::Transaction::Kind::read));
    auto answer = Summer(db_, question, true).answer();
    if (answer || answer.error().code != ErrorCode::over_limit) return answer;
    return Summer(db_, question, false).answer();
}

Result<std::optional<UtcTime>> SqliteLedger::first_bucket() {
    // Sums by hour and day begin before their first transfer.
    TRY_ASSIGN(auto find,
               Statement::prepare(db_,
                                  "SELECT min(b) FROM (SELECT min(first_bucket) AS b FROM batch "
                                  "UNION ALL SELECT (SELECT min(begin) FROM old_transfer WHERE "
                                  "compaction = number) FROM compaction)"));
    TRY_ASSIGN(const bool found, find.step());
    if (!found || find.is_null(0)) return std::nullopt;
    return sqlite::bucket_time(find.number(0));
}

Result<std::vector<std::string>> SqliteLedger::services() {
    return names(db_, "SELECT name FROM service ORDER BY name");
}

Result<std::vector<std::string>> SqliteLedger::classes() {
    return names(db_, "SELECT name FROM holder WHERE kind = 3 ORDER BY name");
}

}  // namespace octroi
