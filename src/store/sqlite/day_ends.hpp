// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

// Sums by day and end (table day_end), derived from day_sum: without far ends and services, so that
// a question about all accounts reads few rows.

#include <array>
#include <cstdint>
#include <optional>

#include "base/hash.hpp"
#include "base/result.hpp"
#include "store/sqlite/database.hpp"
#include "store/sqlite/day_rows.hpp"
#include "store/sqlite/holder_kinds.hpp"

namespace octroi::sqlite {

// The primary key of day_end.
struct DayEndKey {
    static constexpr const char* table = "day_end";
    static constexpr const char* columns = "day, near, ends, far_kind, meter";

    std::int64_t day = 0;
    std::int64_t near = 0;
    std::int64_t ends = 0;
    std::int64_t far_kind = 0;
    std::int64_t meter = 0;

    auto operator<=>(const DayEndKey&) const = default;
    [[nodiscard]] std::array<std::int64_t, 5> parts() const {
        return {day, near, ends, far_kind, meter};
    }
};

struct DayEndKeyHash {
    std::size_t operator()(const DayEndKey& key) const noexcept {
        const auto u = [](std::int64_t v) { return static_cast<std::uint64_t>(v); };
        return mix(u(key.near) ^ mix_a, (u(key.day) << 8U) ^ (u(key.ends) << 4U) ^ u(key.far_kind) ^
                                            mix_b ^ (u(key.meter) << 40U));
    }
};

class DayEnds {
public:
    // The database must outlive it.
    explicit DayEnds(const Database& db) : kinds_(db) {}

    // The row of day_end that contains a row of day_sum; absent: none, because another row of
    // day_sum has the same transfers. corrupt: a holder is missing.
    [[nodiscard]] Result<std::optional<DayEndKey>> row_of(const DayKey& key);

private:
    HolderKinds kinds_;
};

}  // namespace octroi::sqlite
