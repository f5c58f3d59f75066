// SPDX-License-Identifier: GPL-3.0-or-later
#include "store/sqlite/day_rows.hpp"

#include <fmt/format.h>

#include <algorithm>

namespace octroi::sqlite {
namespace {

// Rows of one transaction: some 100 ms with the writing of their sums.
constexpr std::int64_t day_rows_at_once = 100'000;

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
                         db_, fmt::format("SELECT {} FROM old_transfer WHERE compaction = ?1",
                                          old_row_columns)));
    TRY_ASSIGN(end_, Statement::prepare(db_,
                                        "SELECT p.holder, h.kind FROM party p JOIN holder h ON "
                                        "h.holder_id = p.holder WHERE p.party_id = ?1"));
    ready_ = true;
    return {};
}

Result<std::int64_t> DayRows::read(std::int64_t after, std::int64_t until, const Sink& sink) {
    TRY(prepare());
    TRY_ASSIGN(const auto compacted, compacted_runs(db_));
    rows_ = 0;
    while (after < until && rows_ < day_rows_at_once) {
        if (const CompactedRun* run = run_of(compacted, after + 1)) {
            // Only batches that are in the sums are compacted, so if a part of them was read, their
            // transfers were read too.
            if (run->first_batch > after) TRY(read_old(run->compaction, sink));
            after = run->last_batch;
        } else {
            TRY(read_batch(after + 1, sink));
            ++after;
        }
    }
    return after;
}

Status DayRows::read_batch(std::int64_t number, const Sink& sink) {
    header_.bind(1, number);
    TRY_ASSIGN(const bool found, header_.step());
    if (!found)
        return fail(ErrorCode::corrupt,
                    fmt::format("ledger {}: batch {} is missing; next: run `octroi audit`",
                                db_.path(), number));
    OldRow row{.meter = header_.number(0)};
    transfers_.bind(1, header_.number(1));
    transfers_.bind(2, header_.number(1) + header_.number(2));
    const bool has_samples = header_.number(3) != 0;
    header_.reset();
    while (true) {
        TRY_ASSIGN(const bool more, transfers_.step());
        if (!more) return {};
        row.begin = transfers_.number(0);
        row.from = transfers_.number(1);
        row.to = transfers_.number(2);
        row.service = transfers_.number(3);
        row.figures = {transfers_.number(4), transfers_.number(5), transfers_.number(6)};
        if (has_samples) {
            sampled_.bind(1, transfers_.number(7));
            TRY_ASSIGN(const bool is_sampled, sampled_.step());
            if (is_sampled) {
                row.figures[3] = wrapped_difference(row.figures[0], sampled_.number(0));
                row.figures[4] = wrapped_difference(row.figures[1], sampled_.number(1));
                row.figures[5] = sampled_.number(2);
                row.figures[6] = sampled_.number(3);
            }
            sampled_.reset();
        }
        TRY(hand_over(row, sink));
    }
}

Status DayRows::read_old(std::int64_t compaction, const Sink& sink) {
    old_.bind(1, compaction);
    while (true) {
        TRY_ASSIGN(const bool more, old_.step());
        if (!more) return {};
        TRY(hand_over(old_row_from(old_, 0), sink));
    }
}

Status DayRows::hand_over(const OldRow& row, const Sink& sink) {
    ++rows_;
    TRY_ASSIGN(const BucketRange day, day_at_(row.begin));
    TRY_ASSIGN(const End from, end_of(row.from));
    TRY_ASSIGN(const End to, end_of(row.to));
    if (from.is_local || !to.is_local)
        sink({day.begin, from.holder, 1, to.holder, row.service, row.meter}, row.figures);
    if (to.is_local)
        sink({day.begin, to.holder, 0, from.holder, row.service, row.meter}, row.figures);
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
