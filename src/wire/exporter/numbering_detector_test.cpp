// SPDX-License-Identifier: GPL-3.0-or-later
#include "wire/exporter/numbering_detector.hpp"

#include <gtest/gtest.h>

#include <vector>

namespace octroi::exporter {
namespace {

// How many messages it takes; 0: the detector is never convinced.
std::uint64_t convinced_after(const std::vector<std::uint32_t>& records, bool including) {
    NumberingDetector detector;
    std::uint32_t sent = 0;
    std::uint64_t index = 0;
    for (const std::uint32_t count : records) {
        const std::uint32_t sequence = including ? sent + count : sent;
        sent += count;
        if (detector.observe(sequence, count, ++index)) return index;
    }
    return 0;
}

TEST(NumberingDetector, NeedsMessagesThatFitOneNumberingAlone) {
    EXPECT_EQ(convinced_after({24, 26, 31, 30, 32}, true), 4U);
    EXPECT_EQ(convinced_after({24, 26, 31, 30, 32}, false), 0U);
    // As many records as before fit both.
    EXPECT_EQ(convinced_after({24, 24, 24, 24, 24, 24, 24}, true), 0U);
}

TEST(NumberingDetector, AMessageThatFitsTheRuleAloneEndsTheSuspicion) {
    NumberingDetector detector;
    EXPECT_FALSE(detector.observe(10, 10, 1));
    EXPECT_FALSE(detector.observe(25, 15, 2));
    EXPECT_FALSE(detector.observe(45, 20, 3));
    EXPECT_EQ(detector.first_evidence(), 2U);
    EXPECT_FALSE(detector.observe(65, 7, 4));  // 45 + 20: as the rule has it
    EXPECT_FALSE(detector.observe(71, 6, 5));
    EXPECT_EQ(detector.first_evidence(), 5U);
}

TEST(NumberingDetector, ComparesWithNothingAfterAnInterruption) {
    NumberingDetector detector;
    EXPECT_FALSE(detector.observe(1010, 10, 1));
    detector.interrupt();
    EXPECT_FALSE(detector.observe(1025, 15, 2));
    EXPECT_EQ(detector.first_evidence(), 0U);
}

}  // namespace
}  // namespace octroi::exporter
