// SPDX-License-Identifier: GPL-3.0-or-later
#include "wire/exporter/number_rate.hpp"

#include <gtest/gtest.h>

namespace octroi::exporter {
namespace {

const UtcTime start = UtcTime::from_seconds(1'790'000'000);
constexpr std::uint64_t usual = 100;

// So many messages, a second apart, that advance by so much each.
void measure(NumberRate& rate, UtcTime& now, std::uint64_t advance) {
    for (std::uint32_t i = 0; i < NumberRate::window; ++i) {
        now = now + Duration::seconds(1);
        rate.add(advance, now);
    }
}

TEST(NumberRate, AllowsTheUsualRateBeforeItIsMeasured) {
    const NumberRate rate;
    EXPECT_EQ(rate.largest_jump({}, usual), usual * NumberRate::margin);
    EXPECT_EQ(rate.largest_jump(Duration::seconds(9), usual), 10 * usual * NumberRate::margin);
    EXPECT_EQ(rate.largest_jump(Duration::seconds(-9), usual), usual * NumberRate::margin);
}

TEST(NumberRate, MeasuresOverAWindowOfMessages) {
    NumberRate rate;
    UtcTime now = start;
    rate.start(now);
    measure(rate, now, 1000);
    EXPECT_EQ(rate.largest_jump({}, usual), 1000 * NumberRate::margin);
    // A fall is followed by halves.
    measure(rate, now, 1);
    EXPECT_EQ(rate.largest_jump({}, usual), 500 * NumberRate::margin);
}

TEST(NumberRate, NoJumpOfHalfTheNumberSpaceIsPlausible) {
    NumberRate rate;
    rate.start(start);
    for (std::uint32_t i = 0; i < NumberRate::window; ++i) rate.add(NumberRate::largest, start);
    EXPECT_EQ(rate.largest_jump({}, usual), NumberRate::largest);
    EXPECT_EQ(NumberRate().largest_jump(Duration::hours(100'000), usual), NumberRate::largest);
}

TEST(NumberRate, GoesOnWhenTheClockIsSetBack) {
    NumberRate rate;
    UtcTime now = start;
    rate.start(now);
    now = now - Duration::hours(1);
    rate.shift_back(Duration::hours(1));
    measure(rate, now, 1000);
    EXPECT_EQ(rate.largest_jump({}, usual), 1000 * NumberRate::margin);
}

TEST(NumberRate, SavesAndRestores) {
    NumberRate rate;
    UtcTime now = start;
    rate.start(now);
    measure(rate, now, 1000);
    ByteWriter saved;
    rate.save(saved);
    NumberRate other;
    ByteCursor from(as_octets(saved.octets()));
    ASSERT_TRUE(other.restore(from));
    EXPECT_EQ(from.left(), 0U);
    EXPECT_EQ(other.largest_jump({}, usual), rate.largest_jump({}, usual));
}

}  // namespace
}  // namespace octroi::exporter
