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

class DayRows {
public:
    using Sink = std::function<void(const DayKey&, const DayFigures&)>;
    // The day that contains a bucket.
    using DayAt = std::function<Result<BucketRange>(std::int64_t bucket)>;

    DayRows(const Database& db, DayAt day_at) : db_(db), day_at_(std::move(day_at)) {}

    // Hands over the rows of the batches behind `after`, up to `until`, and ends after a batch (or
    // the batches that were compacted together) with which some 100,000 have been read. Returns the
    // last batch that was read. Within a transaction.
    [[nodiscard]] Result<std::int64_t> read(std::int64_t after, std::int64_t until,
                                            const Sink& sink);

private:
    // The holder of a party, and whether it is an account or unattributed.
    struct End {
        std::int64_t holder = 0;  // 0: not read yet
        bool is_local = false;
    };
    [[nodiscard]] Status prepare();
    [[nodiscard]] Status read_batch(std::int64_t number, const Sink& sink);
    [[nodiscard]] Status read_old(std::int64_t compaction, const Sink& sink);
    [[nodiscard]] Status hand_over(const OldRow& row, const Sink& sink);
    [[nodiscard]] Result<End> end_of(std::int64_t party);

    const Database& db_;
    DayAt day_at_;
    bool ready_ = false;
    std::int64_t rows_ = 0;  // of this call
    Statement header_;
    Statement transfers_;
    Statement sampled_;
    Statement old_;
    Statement end_;
    std::vector<End> ends_;  // by party number
};

}  // namespace octroi::sqlite
