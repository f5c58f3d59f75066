// SPDX-License-Identifier: GPL-3.0-or-later
#include "wire/exporter/numbering_detector.hpp"

#include <gtest/gtest.h>

#include <utility>
#include <vector>

namespace octroi::exporter {
namespace {

using Assumed = NumberingDetector::Assumed;

// How many messages it takes; 0: the detector is never convinced.
std::uint64_t convinced_after(const std::vector<std::uint32_t>& records, bool including,
                              Assumed assumed = Assumed::records_before) {
    NumberingDetector detector;
    std::uint32_t sent = 0;
    std::uint64_t index = 0;
    for (const std::uint32_t count : records) {
        const std::uint32_t sequence = including ? sent + count : sent;
        sent += count;
        if (detector.observe(sequence, count, ++index, assumed)) return index;
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
    EXPECT_FALSE(detector.observe(10, 10, 1, Assumed::records_before));
    EXPECT_FALSE(detector.observe(25, 15, 2, Assumed::records_before));
    EXPECT_FALSE(detector.observe(45, 20, 3, Assumed::records_before));
    EXPECT_EQ(detector.first_evidence(), 2U);
    EXPECT_FALSE(
        detector.observe(65, 7, 4, Assumed::records_before));  // 45 + 20: as the rule has it
    EXPECT_FALSE(detector.observe(71, 6, 5, Assumed::records_before));
    EXPECT_EQ(detector.first_evidence(), 5U);
}

TEST(NumberingDetector, EvidenceForTheRuleUndoesTheChange) {
    EXPECT_EQ(convinced_after({24, 26, 31, 30, 32}, false, Assumed::records_including), 5U);
    EXPECT_EQ(convinced_after({24, 26, 31, 30, 32}, true, Assumed::records_including), 0U);
}

// After a restart numbers are as small as the numbers of records, so that much fits by chance.
TEST(NumberingDetector, SmallNumbersAfterARestartAreNoEvidence) {
    NumberingDetector detector;
    std::uint64_t index = 0;
    for (const auto& [sequence, records] : std::vector<std::pair<std::uint32_t, std::uint32_t>>{
             {9000, 3}, {0, 1}, {2, 2}, {1, 1}, {4, 4}})
        EXPECT_FALSE(detector.observe(sequence, records, ++index, Assumed::records_before));
    EXPECT_TRUE(detector.observe(9, 5, ++index, Assumed::records_before));
}

TEST(NumberingDetector, ComparesWithNothingAfterAnInterruption) {
    NumberingDetector detector;
    EXPECT_FALSE(detector.observe(1010, 10, 1, Assumed::records_before));
    detector.interrupt();
    EXPECT_FALSE(detector.observe(1025, 15, 2, Assumed::records_before));
    EXPECT_EQ(detector.first_evidence(), 0U);
}

}  // namespace
}  // namespace octroi::exporter
