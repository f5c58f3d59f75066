// SPDX-License-Identifier: GPL-3.0-or-later
#include "view/units.hpp"

#include <gtest/gtest.h>

namespace octroi {
namespace {

TEST(Units, BytesHaveThreeSignificantDigits) {
    EXPECT_EQ(bytes_text(0, Units::iec), "0 B");
    EXPECT_EQ(bytes_text(999, Units::iec), "999 B");
    EXPECT_EQ(bytes_text(1023, Units::iec), "1023 B");
    EXPECT_EQ(bytes_text(1024, Units::iec), "1.00 KiB");
    EXPECT_EQ(bytes_text(10 * 1024 - 6, Units::iec), "9.99 KiB");
    EXPECT_EQ(bytes_text(10 * 1024 - 5, Units::iec), "10.0 KiB");
    EXPECT_EQ(bytes_text(1024 * 1024 - 513, Units::iec), "1023 KiB");
    EXPECT_EQ(bytes_text(1024 * 1024 - 512, Units::iec), "1.00 MiB");
    EXPECT_EQ(bytes_text(13'207'024'435, Units::iec), "12.3 GiB");
    EXPECT_EQ(bytes_text(UINT64_MAX, Units::iec), "16.0 EiB");
    EXPECT_EQ(bytes_text(999'499, Units::si), "999 kB");
    EXPECT_EQ(bytes_text(999'500, Units::si), "1.00 MB");
    EXPECT_EQ(bytes_text(UINT64_MAX, Units::si), "18.4 EB");
    EXPECT_EQ(bytes_text(867'700'217, Units::exact), "867,700,217");
    EXPECT_EQ(bytes_text(UINT64_MAX, Units::exact), "18,446,744,073,709,551,615");
}

TEST(Units, AreAlignedInAColumn) {
    EXPECT_EQ(bytes_column_text(12, Units::iec), "12 B  ");
    EXPECT_EQ(bytes_column_text(2048, Units::iec), "2.00 KiB");
    EXPECT_EQ(bytes_column_text(12, Units::si), "12 B ");
    EXPECT_EQ(bytes_column_text(1234, Units::exact), "1,234");
    EXPECT_EQ(rate_column_text(12), "12 bit/s ");
}

TEST(Units, RatesAreBitsAndDecimal) {
    EXPECT_EQ(rate_text(0), "0 bit/s");
    EXPECT_EQ(rate_text(842'000'000), "842 Mbit/s");
    EXPECT_EQ(rate_text(1'204'000'000), "1.20 Gbit/s");
    EXPECT_EQ(rate_of(1'000'000, Duration::seconds(1)), 8'000'000U);
    EXPECT_EQ(rate_of(1'000'000, Duration::milliseconds(500)), 16'000'000U);
    EXPECT_EQ(rate_of(1, Duration{0}), 0U);
    EXPECT_EQ(rate_of(UINT64_MAX, Duration{1}), UINT64_MAX);
}

TEST(Units, CountsAreGrouped) {
    EXPECT_EQ(counted_text(0, "batch", "batches"), "0 batches");
    EXPECT_EQ(counted_text(1, "batch", "batches"), "1 batch");
    EXPECT_EQ(counted_text(1234, "batch", "batches"), "1,234 batches");
    EXPECT_EQ(count_text(std::uint64_t{0}), "0");
    EXPECT_EQ(count_text(std::uint64_t{999}), "999");
    EXPECT_EQ(count_text(std::uint64_t{1000}), "1,000");
    EXPECT_EQ(count_text(std::int64_t{-1234567}), "-1,234,567");
    EXPECT_EQ(count_text(std::int64_t{INT64_MIN}), "-9,223,372,036,854,775,808");
}

TEST(Units, DurationsHaveTwoParts) {
    EXPECT_EQ(duration_text({}), "0 s");
    EXPECT_EQ(duration_text(Duration::milliseconds(250)), "250 ms");
    EXPECT_EQ(duration_text({1500}), "1 µs");
    EXPECT_EQ(duration_text(Duration::seconds(185)), "3 min 5 s");
    EXPECT_EQ(duration_text(Duration::seconds(180)), "3 min");
    EXPECT_EQ(duration_text(Duration::hours(123)), "5 d 3 h");
    EXPECT_EQ(duration_text(Duration::seconds(-60)), "-1 min");
    EXPECT_EQ(duration_text({INT64_MIN}), "-106751 d 23 h");
}

TEST(Units, SharesAreNeverRoundedTo0Or100) {
    EXPECT_EQ(share_text(123, 1000), "12.3%");
    EXPECT_EQ(share_text(0, 1000), "0.0%");
    EXPECT_EQ(share_text(1, 1'000'000), "<0.1%");
    EXPECT_EQ(share_text(999'999, 1'000'000), ">99.9%");
    EXPECT_EQ(share_text(5, 5), "100.0%");
    EXPECT_EQ(share_text(0, 0), "");
    EXPECT_EQ(share_text(UINT64_MAX / 2, UINT64_MAX), "50.0%");
}

}  // namespace
}  // namespace octroi
