// SPDX-License-Identifier: GPL-3.0-or-later
#include "store/sqlite/sum_runs.hpp"

#include <fmt/format.h>

#include <algorithm>

#include "store/sqlite/identities.hpp"

namespace octroi::sqlite {
namespace {

class RunFinder {
public:
    RunFinder(const Database& db, const RunQuestion& question) : db_(db), question_(question) {}

    [[nodiscard]] Result<std::vector<TransferRun>> find() {
        TRY_ASSIGN(bucket_of_,
                   Statement::prepare(db_, "SELECT bucket FROM transfer WHERE transfer_id = ?1"));
        TRY_ASSIGN(header_of_, Statement::prepare(db_,
                                                  "SELECT writer, sequence, kind, class_version, "
                                                  "directory_version FROM batch WHERE number = "
                                                  "?1"));
        TRY_ASSIGN(identities_, KnownIdentities::make(db_));
        const std::int64_t summed = question_.plan.summed.batches;
        // The batch behind these is the one of which a part is summed.
        const std::int64_t last = question_.plan.summed.rows > 0 ? summed + 1 : summed;
        for (const BucketRange& range : question_.plan.rest)
            TRY(add(range, "b.last_bucket >= ?1 AND b.first_bucket < ?2 AND b.number <= ?3", last,
                    Part::summed));
        // By number: there are few of them, and the index by time would read all of the period.
        TRY(add(question_.period, "+b.last_bucket >= ?1 AND +b.first_bucket < ?2 AND b.number > ?3",
                summed, Part::other));
        std::sort(runs_.begin(), runs_.end(),
                  [](const TransferRun& a, const TransferRun& b) { return a.first < b.first; });
        return std::move(runs_);
    }

private:
    // The rows of a batch that the sums by day contain, or the others.
    enum class Part : std::uint8_t { summed, other };
    [[nodiscard]] Status add(const BucketRange& range, const char* condition, std::int64_t number,
                             Part part) {
        TRY_ASSIGN(auto find,
                   Statement::prepare(
                       db_, fmt::format("SELECT b.meter, b.first_transfer, b.transfers, "
                                        "b.first_bucket, b.last_bucket, b.number FROM batch b "
                                        "WHERE {}",
                                        condition)));
        find.bind(1, range.begin);
        find.bind(2, range.end);
        find.bind(3, number);
        while (true) {
            TRY_ASSIGN(const bool row, find.step());
            if (!row) return {};
            TransferRun run = run_from(find, part);
            TRY_ASSIGN(const bool is_selected, selects(find, run));
            if (!is_selected) continue;
            if (find.number(3) < range.begin) {
                TRY_ASSIGN(run.first, lower_bound(run.first, run.end, range.begin));
            }
            if (find.number(4) >= range.end) {
                TRY_ASSIGN(run.end, lower_bound(run.first, run.end, range.end));
            }
            runs_.push_back(run);
        }
    }
    [[nodiscard]] TransferRun run_from(const Statement& batch, Part part) const {
        const DayPosition& summed = question_.plan.summed;
        TransferRun run{batch.number(0), batch.number(1), batch.number(1) + batch.number(2), {}};
        if (summed.rows <= 0 || batch.number(5) != summed.batches + 1) return run;
        const std::int64_t middle = run.first + std::min(summed.rows, batch.number(2));
        (part == Part::summed ? run.end : run.first) = middle;
        return run;
    }
    [[nodiscard]] Result<bool> selects(const Statement& batch, TransferRun& run) {
        const std::int64_t number = batch.number(5);
        if (!question_.meters.contains(batch.number(0)) ||
            run_of(question_.compacted, number) != nullptr)
            return false;
        // The index has the other columns, so the row is read only if it is needed.
        if (!question_.limits && !question_.observed_only && !question_.by_versions) return true;
        header_of_.bind(1, number);
        TRY_ASSIGN([[maybe_unused]] const bool found, header_of_.step());
        bool counts = !question_.observed_only ||
                      enum_from<BatchKind>(header_of_, 2) == BatchKind::observation;
        if (question_.limits) {
            const auto limit = question_.limits->find(header_of_.number(0));
            counts =
                counts && limit != question_.limits->end() && header_of_.number(1) <= limit->second;
        }
        run.versions = {header_of_.number(3), header_of_.number(4), 0};
        header_of_.reset();
        if (question_.by_versions) {
            TRY_ASSIGN(run.versions.identities, identities_.of(number));
        }
        return counts;
    }
    // The first transfer of [first, end) with a bucket of at least `bucket`, by bisection; `end`:
    // none.
    [[nodiscard]] Result<std::int64_t> lower_bound(std::int64_t first, std::int64_t end,
                                                   std::int64_t bucket) {
        while (first < end) {
            const std::int64_t middle = first + (end - first) / 2;
            bucket_of_.bind(1, middle);
            TRY_ASSIGN(const bool found, bucket_of_.step());
            if (!found)
                return fail(ErrorCode::corrupt, fmt::format("ledger {}: transfer {} is missing; "
                                                            "next: run `octroi audit`",
                                                            db_.path(), middle));
            const bool before = bucket_of_.number(0) < bucket;
            bucket_of_.reset();
            (before ? first : end) = before ? middle + 1 : middle;
        }
        return first;
    }

    const Database& db_;
    const RunQuestion& question_;
    Statement bucket_of_;
    Statement header_of_;
    KnownIdentities identities_;
    std::vector<TransferRun> runs_;
};

}  // namespace

Result<std::optional<WriterLimits>> writer_limits(const Database& db, const SumQuestion& question) {
    if (!question.as_of) return std::nullopt;
    TRY_ASSIGN(auto find, Statement::prepare(db,
                                             "SELECT w.writer_id, b.hash FROM writer w LEFT JOIN "
                                             "batch b ON b.writer = w.writer_id AND b.sequence = "
                                             "?2 WHERE w.id = ?1"));
    WriterLimits limits;
    for (const ChainPosition& head : *question.as_of) {
        if (head.sequence == 0) continue;
        const std::string id = octets_of(head.writer.id);
        find.bind_blob(1, id);
        find.bind(2, head.sequence);
        TRY_ASSIGN(const bool found, find.step());
        if (!found || find.octets(1) != head.hash)
            return fail(
                ErrorCode::not_found,
                fmt::format("ledger {}: batch {} of writer {} ({}) is not the one of the "
                            "given head; next: use heads of this ledger (`octroi audit "
                            "--heads`)",
                            db.path(), head.sequence, head.writer.node, to_string(head.writer.id)));
        limits[find.number(0)] = static_cast<std::int64_t>(head.sequence);
        find.reset();
    }
    return limits;
}

Result<NumberSet> selected_meters(const Database& db, const SumQuestion& question) {
    TRY_ASSIGN(auto find, Statement::prepare(db,
                                             "SELECT meter_id FROM meter WHERE (?1 IS NULL OR name "
                                             "= ?1) AND (?2 IS NULL OR role = ?2) AND (?3 IS NULL "
                                             "OR layer = ?3)"));
    if (question.meter) find.bind_text(1, *question.meter);
    if (question.role) find.bind(2, static_cast<std::int64_t>(*question.role));
    if (question.layer) find.bind(3, static_cast<std::int64_t>(*question.layer));
    NumberSet meters;
    while (true) {
        TRY_ASSIGN(const bool row, find.step());
        if (!row) return meters;
        meters.insert(find.number(0));
    }
}

Result<std::vector<TransferRun>> find_runs(const Database& db, const RunQuestion& question) {
    return RunFinder(db, question).find();
}

}  // namespace octroi::sqlite
