// SPDX-License-Identifier: GPL-3.0-or-later
#include "wire/exporter/numbering_detector.hpp"

#include <gtest/gtest.h>

#include <optional>
#include <utility>
#include <vector>

namespace octroi::exporter {
namespace {

// How many messages it takes; 0: the detector is never convinced.
std::uint64_t convinced_after(const std::vector<std::uint32_t>& records, bool including,
                              Numbering assumed = Numbering::records_before) {
    NumberingDetector detector;
    std::uint32_t sent = 0;
    std::uint64_t index = 0;
    for (const std::uint32_t count : records) {
        const std::uint32_t sequence = including ? sent + count : sent;
        sent += count;
        if (detector.observe(sequence, {count}, ++index, assumed)) return index;
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
    constexpr Numbering assumed = Numbering::records_before;
    NumberingDetector detector;
    EXPECT_FALSE(detector.observe(10, {10}, 1, assumed));
    EXPECT_FALSE(detector.observe(25, {15}, 2, assumed));
    EXPECT_FALSE(detector.observe(45, {20}, 3, assumed));
    EXPECT_FALSE(detector.observe(65, {7}, 4, assumed));  // 45 + 20: as the rule has it
    EXPECT_FALSE(detector.observe(71, {6}, 5, assumed));
    EXPECT_FALSE(detector.observe(80, {9}, 6, assumed));
    EXPECT_EQ(detector.observe(91, {11}, 7, assumed), Numbering::records_including);
    EXPECT_EQ(detector.first_evidence(), 5U);
}

TEST(NumberingDetector, FindsExportersThatCountTheirTemplates) {
    NumberingDetector detector;
    std::uint32_t sent = 0;
    std::optional<Numbering> found;
    for (std::uint64_t i = 0; i < 12 && !found; ++i) {
        const NumberingDetector::Records records{4, i % 3 == 0 ? 1U : 0U};
        found = detector.observe(sent, records, i, Numbering::records_before);
        sent += records.data + records.templates;
    }
    EXPECT_EQ(found, Numbering::records_and_templates);
}

TEST(NumberingDetector, EvidenceForTheRuleUndoesTheChange) {
    EXPECT_EQ(convinced_after({24, 26, 31, 30, 32}, false, Numbering::records_including), 5U);
    EXPECT_EQ(convinced_after({24, 26, 31, 30, 32}, true, Numbering::records_including), 0U);
}

// After a restart numbers are as small as the numbers of records, so that much fits by chance.
TEST(NumberingDetector, SmallNumbersAfterARestartAreNoEvidence) {
    NumberingDetector detector;
    std::uint64_t index = 0;
    for (const auto& [sequence, records] : std::vector<std::pair<std::uint32_t, std::uint32_t>>{
             {9000, 3}, {0, 1}, {2, 2}, {1, 1}, {4, 4}})
        EXPECT_FALSE(detector.observe(sequence, {records}, ++index, Numbering::records_before));
    EXPECT_TRUE(detector.observe(9, {5}, ++index, Numbering::records_before));
}

TEST(NumberingDetector, ComparesWithNothingAfterAnInterruption) {
    NumberingDetector detector;
    EXPECT_FALSE(detector.observe(1010, {10}, 1, Numbering::records_before));
    detector.interrupt();
    EXPECT_FALSE(detector.observe(1025, {15}, 2, Numbering::records_before));
}

}  // namespace
}  // namespace octroi::exporter
