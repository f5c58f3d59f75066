// SPDX-License-Identifier: GPL-3.0-or-later
#include "base/time.hpp"

#include <gtest/gtest.h>

namespace octroi {
namespace {

TEST(Time, PrintsRfc3339WithTheRequestedPrecision) {
    const UtcTime t{1'700'000'000'123'456'789};
    EXPECT_EQ(to_rfc3339(t), "2023-11-14T22:13:20Z");
    EXPECT_EQ(to_rfc3339(t, 6), "2023-11-14T22:13:20.123456Z");
    EXPECT_EQ(to_rfc3339(t, 9), "2023-11-14T22:13:20.123456789Z");
    EXPECT_EQ(to_rfc3339(UtcTime{-1}, 9), "1969-12-31T23:59:59.999999999Z");
    EXPECT_EQ(to_rfc3339(UtcTime::min(), 9), "1677-09-21T00:12:43.145224192Z");
    EXPECT_EQ(to_rfc3339(UtcTime::max(), 9), "2262-04-11T23:47:16.854775807Z");
}

TEST(Time, ReadsWhatItPrints) {
    for (const std::int64_t ns : {0L, -1L, 1L, 951'782'400'000'000'000L, 4'102'444'799'999'999'999L,
                                  -9'000'000'000'000'000'000L}) {
        const auto back = parse_rfc3339(to_rfc3339(UtcTime{ns}, 9));
        ASSERT_TRUE(back.has_value()) << ns;
        EXPECT_EQ(back->ns, ns);
    }
}

TEST(Time, AcceptsZonesSpacesAndDatesAlone) {
    EXPECT_EQ(parse_rfc3339("2026-11-21T13:00:00+01:00")->ns,
              parse_rfc3339("2026-11-21 12:00:00Z")->ns);
    EXPECT_EQ(parse_rfc3339("2026-11-21")->ns, parse_rfc3339("2026-11-21T00:00:00Z")->ns);
    EXPECT_EQ(parse_rfc3339("2026-11-21T13:05")->ns, parse_rfc3339("2026-11-21T13:05:00Z")->ns);
    EXPECT_EQ(
        parse_rfc3339("2026-11-21T13:05:00.5Z")->ns - parse_rfc3339("2026-11-21T13:05:00Z")->ns,
        500'000'000);
}

TEST(Time, RefusesOtherTexts) {
    for (const char* text :
         {"", "2026", "2026-13-01", "2026-02-30", "2026-11-21T", "2026-11-21T25:00:00Z",
          "2026-11-21T13:00:00.Z", "2026-11-21T13:00:00+1:00", "2026-11-21x13:00:00Z",
          "2026-11-21T13:00:00Zx", "9999-01-01"})
        EXPECT_FALSE(parse_rfc3339(text).has_value()) << text;
}

TEST(Time, BucketsAreHalfOpenAlsoBefore1970) {
    const Duration five = Duration::minutes(5);
    EXPECT_EQ(bucket_start(UtcTime{five.ns}), UtcTime{five.ns});
    EXPECT_EQ(bucket_start(UtcTime{five.ns - 1}), UtcTime{0});
    EXPECT_EQ(bucket_start(UtcTime{-1}), UtcTime{-five.ns});
    const Interval interval{UtcTime{0}, UtcTime{10}};
    EXPECT_TRUE(interval.contains(UtcTime{0}));
    EXPECT_FALSE(interval.contains(UtcTime{10}));
    EXPECT_FALSE(interval.overlaps({UtcTime{10}, UtcTime{20}}));
}

TEST(Duration, RoundTrips) {
    for (const char* text : {"0s", "10s", "1h30m", "250ms", "7d", "1d2h3m4s5ms6us7ns"}) {
        const auto d = parse_duration(text);
        ASSERT_TRUE(d.has_value()) << text;
        EXPECT_EQ(to_string(*d), text);
    }
    EXPECT_EQ(parse_duration("2w")->ns, Duration::hours(14 * 24).ns);
    EXPECT_EQ(to_string(Duration{-1'000'000'000}), "-1s");
}

TEST(Duration, NeedsAUnitAndMustFit) {
    for (const char* text : {"", "10", "s", "-5s", "5 m", "5x", "99999999999999d", "1h30"})
        EXPECT_FALSE(parse_duration(text).has_value()) << text;
}

}  // namespace
}  // namespace octroi
