// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

// Numbers of buckets: 0 begins in 1970 (UTC).

#include <cstdint>

#include "base/time.hpp"
#include "record/volume_limits.hpp"

namespace octroi {

inline constexpr std::int64_t bucket_ns = bucket_length.ns;
// Times outside of these are moved to them, so that bucket arithmetic cannot overflow (years 1678
// and 2262).
inline constexpr UtcTime earliest{INT64_MIN / bucket_ns * bucket_ns + 2 * bucket_ns};
inline constexpr UtcTime latest{INT64_MAX / bucket_ns * bucket_ns - 2 * bucket_ns};

constexpr std::int32_t bucket_number(UtcTime t) noexcept {
    return static_cast<std::int32_t>(bucket_start(t).ns / bucket_ns);
}
constexpr UtcTime bucket_begin(std::int32_t number) noexcept { return {number * bucket_ns}; }
static_assert(INT64_MAX / bucket_ns < INT32_MAX);

// 31 days. No meter holds back a reading for longer: a longer one comes from a wrong clock.
inline constexpr std::int64_t buckets_of_a_reading_max{record_buckets_max};

// A counted volume that is longer than a day is booked by the hour, each hour in its first bucket:
// it is an even share of a long time anyway, and a meter that was down for a month would otherwise
// make thousands of rows for each of its counters.
inline constexpr std::int64_t buckets_of_a_volume_max = 24LL * 12;
inline constexpr std::int32_t buckets_of_an_hour = 12;
static_assert(buckets_of_an_hour * bucket_ns == Duration::seconds(3600).ns);

}  // namespace octroi
