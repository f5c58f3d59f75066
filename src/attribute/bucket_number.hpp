// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

// Buckets as numbers, counted from 1970.

#include <cstdint>

#include "base/time.hpp"

namespace octroi {

inline constexpr std::int64_t bucket_ns = bucket_length.ns;
// Bucket arithmetic must not overflow: times beyond are moved here (years 1678 and 2262).
inline constexpr UtcTime earliest{INT64_MIN / bucket_ns * bucket_ns + 2 * bucket_ns};
inline constexpr UtcTime latest{INT64_MAX / bucket_ns * bucket_ns - 2 * bucket_ns};

constexpr std::int32_t bucket_number(UtcTime t) noexcept {
    return static_cast<std::int32_t>(bucket_start(t).ns / bucket_ns);
}
constexpr UtcTime bucket_begin(std::int32_t number) noexcept { return {number * bucket_ns}; }
static_assert(INT64_MAX / bucket_ns < INT32_MAX);

// 31 days of buckets: no meter holds a reading back for longer, so a longer one is of a wrong
// clock.
inline constexpr std::int64_t buckets_of_a_reading_max = 31LL * 24 * 12;

}  // namespace octroi
