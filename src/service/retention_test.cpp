// SPDX-License-Identifier: GPL-3.0-or-later
#include "service/retention.hpp"

#include <gtest/gtest.h>

#include <map>

namespace octroi::testing {
namespace {

constexpr UtcTime begin_of_2026 = UtcTime::from_seconds(1'767'225'600);

// Days of a zone follow each other without gaps, and begin with a bucket, also over changes of the
// clocks.
TEST(DaysIn, FollowEachOther) {
    // By zone: how many days of so many minutes two years have.
    const std::map<std::string, std::map<std::int64_t, int>> expected{
        {"UTC", {{24 * 60, 730}}},
        {"Asia/Kolkata", {{24 * 60, 730}}},
        {"America/St_Johns", {{23 * 60, 2}, {24 * 60, 726}, {25 * 60, 2}}},
        {"Pacific/Chatham", {{23 * 60, 2}, {24 * 60, 726}, {25 * 60, 2}}},
        {"Australia/Lord_Howe", {{23 * 60 + 30, 2}, {24 * 60, 726}, {24 * 60 + 30, 2}}},
        {"Europe/Berlin", {{23 * 60, 2}, {24 * 60, 726}, {25 * 60, 2}}}};
    for (const auto& [name, lengths] : expected) {
        const auto day_of = days_in(*Zone::find(name));
        std::map<std::int64_t, int> found;
        Interval day = day_of(begin_of_2026);
        for (int n = 0; n < 730; ++n) {
            for (UtcTime t = day.begin; t < day.end; t = t + Duration::minutes(30))
                ASSERT_EQ(day_of(t), day) << name << " day " << n;
            ASSERT_EQ(day.begin, bucket_start(day.begin));
            ++found[(day.end - day.begin).ns / Duration::minutes(1).ns];
            const Interval next = day_of(day.end);
            ASSERT_EQ(next.begin, day.end) << name << " day " << n;
            day = next;
        }
        EXPECT_EQ(found, lengths) << name;
    }
}

TEST(RetentionOf, EndsWithAWholeDay) {
    const auto day_of = days_in(*Zone::find("Asia/Kolkata"));
    LedgerConfig config;
    EXPECT_EQ(retention_of(config, day_of, begin_of_2026), Retention{}) << "keeps everything";
    config.keep_fine = Duration::hours(24 * 10);
    const Duration half_past_five = Duration::minutes(330);
    EXPECT_EQ(retention_of(config, day_of, begin_of_2026),
              (Retention{.fine_before = begin_of_2026 - config.keep_fine - half_past_five}));
    config.keep_hours = Duration::hours(24 * 40);
    EXPECT_EQ(retention_of(config, day_of, begin_of_2026).hours_before,
              begin_of_2026 - config.keep_hours - half_past_five);
}

}  // namespace
}  // namespace octroi::testing
