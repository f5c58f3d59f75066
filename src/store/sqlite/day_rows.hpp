// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

// The rows that sums by day consist of: one for each local end of a transfer. From transfers, or
// from the sums that are left of compacted batches.

#include <array>
#include <cstdint>
#include <functional>
#include <vector>

#include "base/hash.hpp"
#include "store/sqlite/compacted.hpp"
#include "store/sqlite/database.hpp"
#include "store/sqlite/rows.hpp"

namespace octroi::sqlite {

// The primary key of day_sum.
struct DayKey {
    static constexpr const char* table = "day_sum";
    static constexpr const char* columns = "day, near, outgoing, far, service, meter";

    std::int64_t day = 0;
    std::int64_t near = 0;
    std::int64_t outgoing = 0;
    std::int64_t far = 0;
    std::int64_t service = 0;
    std::int64_t meter = 0;

    auto operator<=>(const DayKey&) const = default;
    [[nodiscard]] std::array<std::int64_t, 6> parts() const {
        return {day, near, outgoing, far, service, meter};
    }
};

struct DayKeyHash {
    std::size_t operator()(const DayKey& key) const noexcept {
        const auto u = [](std::int64_t v) { return static_cast<std::uint64_t>(v); };
        const std::uint64_t ends = mix(u(key.near) ^ mix_a, u(key.far) ^ mix_b);
        return mix(ends + u(key.service) * 2 + u(key.outgoing),
                   u(key.day) ^ mix_c ^ (u(key.meter) << 40U));
    }
};

// How far rows have been read, or are in the sums: those of the batches 1 to `batches`, and the
// first `rows` ones of what comes next: of the next batch, or of the compaction that begins with
// it, in the order of their keys.
struct DayPosition {
    std::int64_t batches = 0;
    std::int64_t rows = 0;

    auto operator<=>(const DayPosition&) const = default;
};

class DayRows {
public:
    // False: enough for now.
    using Sink = std::function<bool(const DayKey&, const DayFigures&)>;
    // The day that contains a bucket.
    using DayAt = std::function<Result<BucketRange>(std::int64_t bucket)>;

    DayRows(const Database& db, DayAt day_at) : db_(db), day_at_(std::move(day_at)) {}

    // Hands over the rows behind `after`, up to `until`, and ends after 100,000 of them, or some
    // thousand batches, or when the sink has enough. Returns how far it came. Within a transaction.
    // Errors: conflict (either place is within batches that were compacted together meanwhile),
    // corrupt.
    [[nodiscard]] Result<DayPosition> read(DayPosition after, const DayPosition& until,
                                           const Sink& sink);

private:
    // The holder of a party, and whether it is an account or unattributed.
    struct End {
        std::int64_t holder = 0;  // 0: not read yet
        bool is_local = false;
    };
    [[nodiscard]] Status prepare();
    void reset() noexcept;
    // Both hand over rows behind the first `rows` ones, up to `end`, and count them in `rows`.
    // True: there are no more.
    [[nodiscard]] Result<bool> read_batch(std::int64_t number, std::int64_t& rows, std::int64_t end,
                                          const Sink& sink);
    [[nodiscard]] Result<bool> read_old(std::int64_t compaction, std::int64_t& rows,
                                        std::int64_t end, const Sink& sink);
    [[nodiscard]] Status add_sampled(std::int64_t transfer, OldRow& row);
    [[nodiscard]] Status hand_over(const OldRow& row, const Sink& sink);
    [[nodiscard]] Result<End> end_of(std::int64_t party);

    const Database& db_;
    DayAt day_at_;
    bool ready_ = false;
    std::int64_t left_ = 0;  // of the rows of this call; 0: enough
    Statement header_;
    Statement transfers_;
    Statement sampled_;
    Statement old_;
    Statement end_;
    std::vector<End> ends_;  // by party number
};

}  // namespace octroi::sqlite
