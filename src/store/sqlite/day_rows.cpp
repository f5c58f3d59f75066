// SPDX-License-Identifier: GPL-3.0-or-later
#include "store/sqlite/day_rows.hpp"

#include <fmt/format.h>

#include <algorithm>

namespace octroi::sqlite {
namespace {

// Read in one transaction: some 20 ms.
constexpr std::int64_t day_rows_at_once = 100'000;
constexpr int day_batches_at_once = 5000;

// A damaged header can say anything.
std::int64_t id_behind(std::int64_t first, std::int64_t rows) {
    std::int64_t id = 0;
    return __builtin_add_overflow(first, rows, &id) ? INT64_MAX : id;
}

}  // namespace

Status DayRows::prepare() {
    if (ready_) return {};
    TRY_ASSIGN(header_, Statement::prepare(db_,
                                           "SELECT meter, first_transfer, transfers, sampled FROM "
                                           "batch WHERE number = ?1"));
    TRY_ASSIGN(transfers_,
               Statement::prepare(db_,
                                  "SELECT bucket, from_party, to_party, service, bytes, packets, "
                                  "flows, transfer_id FROM transfer WHERE transfer_id >= ?1 AND "
                                  "transfer_id < ?2 ORDER BY transfer_id"));
    TRY_ASSIGN(sampled_, Statement::prepare(db_,
                                            "SELECT bytes, packets, bytes_variance, "
                                            "packets_variance FROM sampled WHERE transfer = ?1"));
    TRY_ASSIGN(old_, Statement::prepare(
                         db_, fmt::format("SELECT {} FROM old_transfer WHERE compaction = ?1 ORDER "
                                          "BY begin, meter, from_party, to_party, service LIMIT "
                                          "?2 OFFSET ?3",
                                          old_row_columns)));
    TRY_ASSIGN(end_, Statement::prepare(db_,
                                        "SELECT p.holder, h.kind FROM party p JOIN holder h ON "
                                        "h.holder_id = p.holder WHERE p.party_id = ?1"));
    ready_ = true;
    return {};
}

// A statement that is left within its rows keeps its transaction open, and the snapshot of that.
void DayRows::reset() noexcept {
    for (Statement* statement : {&header_, &transfers_, &sampled_, &old_, &end_})
        statement->reset();
}

Result<DayPosition> DayRows::read(DayPosition after, const DayPosition& until, const Sink& sink) {
    TRY(prepare());
    struct Reset {
        DayRows& rows;
        ~Reset() { rows.reset(); }
    } const at_end{*this};
    TRY_ASSIGN(const auto compacted, compacted_runs(db_));
    left_ = day_rows_at_once;
    for (int n = 0; after < until && left_ > 0 && n < day_batches_at_once; ++n) {
        const std::int64_t next = after.batches + 1;
        const std::int64_t end = after.batches == until.batches ? until.rows : INT64_MAX;
        const CompactedRun* run = run_of(compacted, next);
        if (run != nullptr &&
            (run->first_batch != next || (run->last_batch > until.batches && end == INT64_MAX)))
            return fail(ErrorCode::conflict,
                        fmt::format("ledger {}: batches {} to {} were compacted meanwhile",
                                    db_.path(), run->first_batch, run->last_batch));
        TRY_ASSIGN(const bool is_whole, run != nullptr
                                            ? read_old(run->compaction, after.rows, end, sink)
                                            : read_batch(next, after.rows, end, sink));
        if (is_whole) after = {run != nullptr ? run->last_batch : next, 0};
    }
    return after;
}

Result<bool> DayRows::read_batch(std::int64_t number, std::int64_t& rows, std::int64_t end,
                                 const Sink& sink) {
    header_.bind(1, number);
    TRY_ASSIGN(const bool found, header_.step());
    if (!found)
        return fail(ErrorCode::corrupt,
                    fmt::format("ledger {}: batch {} is missing; next: run `octroi audit`",
                                db_.path(), number));
    OldRow row{.meter = header_.number(0)};
    const std::int64_t first = header_.number(1);
    const std::int64_t count = header_.number(2);
    const bool has_samples = header_.number(3) != 0;
    header_.reset();
    transfers_.bind(1, id_behind(first, rows));
    transfers_.bind(2, id_behind(first, std::min(count, end)));
    while (left_ > 0) {
        TRY_ASSIGN(const bool more, transfers_.step());
        if (!more) break;
        row.begin = transfers_.number(0);
        row.from = transfers_.number(1);
        row.to = transfers_.number(2);
        row.service = transfers_.number(3);
        row.figures = {transfers_.number(4), transfers_.number(5), transfers_.number(6)};
        if (has_samples) TRY(add_sampled(transfers_.number(7), row));
        TRY(hand_over(row, sink));
        rows = transfers_.number(7) - first + 1;
    }
    transfers_.reset();
    // All, or those that are there: an audit finds missing rows.
    if (left_ > 0) rows = std::min(count, end);
    return rows >= count;
}

Status DayRows::add_sampled(std::int64_t transfer, OldRow& row) {
    sampled_.bind(1, transfer);
    TRY_ASSIGN(const bool is_sampled, sampled_.step());
    if (is_sampled) {
        row.figures[3] = wrapped_difference(row.figures[0], sampled_.number(0));
        row.figures[4] = wrapped_difference(row.figures[1], sampled_.number(1));
        row.figures[5] = sampled_.number(2);
        row.figures[6] = sampled_.number(3);
    }
    sampled_.reset();
    return {};
}

Result<bool> DayRows::read_old(std::int64_t compaction, std::int64_t& rows, std::int64_t end,
                               const Sink& sink) {
    old_.bind(1, compaction);
    old_.bind(2, end - rows);
    old_.bind(3, rows);
    while (left_ > 0) {
        TRY_ASSIGN(const bool more, old_.step());
        if (!more) {
            rows = std::max(rows, end == INT64_MAX ? 0 : end);
            return end == INT64_MAX;
        }
        TRY(hand_over(old_row_from(old_, 0), sink));
        ++rows;
    }
    old_.reset();
    return false;
}

Status DayRows::hand_over(const OldRow& row, const Sink& sink) {
    --left_;
    TRY_ASSIGN(const BucketRange day, day_at_(row.begin));
    TRY_ASSIGN(const End from, end_of(row.from));
    TRY_ASSIGN(const End to, end_of(row.to));
    bool more = true;
    if (from.is_local || !to.is_local)
        more = sink({day.begin, from.holder, 1, to.holder, row.service, row.meter}, row.figures);
    if (to.is_local)
        more = sink({day.begin, to.holder, 0, from.holder, row.service, row.meter}, row.figures) &&
               more;
    if (!more) left_ = 0;
    return {};
}

Result<DayRows::End> DayRows::end_of(std::int64_t party) {
    const auto index = static_cast<std::size_t>(party);
    if (party >= 0 && index < ends_.size() && ends_[index].holder != 0) return ends_[index];
    end_.bind(1, party);
    TRY_ASSIGN(const bool found, end_.step());
    if (!found)
        return fail(ErrorCode::corrupt,
                    fmt::format("ledger {}: party {} is missing; next: run `octroi audit`",
                                db_.path(), party));
    const auto kind = enum_from<PartyKind>(end_, 1);
    const End end{end_.number(0), is_local(kind)};
    end_.reset();
    // The bound limits the memory that a wrong number in a damaged ledger can allocate.
    if (party >= 0 && index < (std::size_t{1} << 28U)) {
        if (index >= ends_.size()) ends_.resize(std::max(index + 1, ends_.size() * 2));
        ends_[index] = end;
    }
    return end;
}

}  // namespace octroi::sqlite
