// SPDX-License-Identifier: GPL-3.0-or-later
#include "service/doctor.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <array>

namespace octroi {
namespace {

using ::testing::HasSubstr;

constexpr std::array drops{LossReason::kernel_drop, LossReason::interface_drop};
constexpr std::array advice{LossAdvice{drops, "drops", "a larger buffer"}};

std::vector<Finding> examine(std::span<const MeterConfig* const> meters) {
    return {{Verdict::note, "meters", std::to_string(meters.size()), ""}};
}

constexpr MeterKind examined{.name = "a", .examine = examine, .loss_advice = advice};
constexpr MeterKind silent{.name = "b"};
constexpr std::array kinds{&examined, &silent};

TEST(Doctor, GivesTheAdviceOfAKindForItsLosses) {
    std::vector<MeterLoss> losses(3);
    losses[0].loss.reason = LossReason::kernel_drop;
    losses[1].loss.reason = LossReason::interface_drop;
    losses[2].loss.reason = LossReason::export_gap;
    const auto findings = examine_losses(losses, "the last 24 hours", kinds);
    ASSERT_EQ(findings.size(), 1U);
    EXPECT_EQ(findings[0].verdict, Verdict::wrong);
    EXPECT_THAT(findings[0].finding, HasSubstr("drops, 2 times in the last 24 hours"));
    EXPECT_EQ(findings[0].fix, "a larger buffer");
}

TEST(Doctor, SaysThatNothingWasLost) {
    const auto findings = examine_losses({}, "the last 24 hours", kinds);
    ASSERT_EQ(findings.size(), 1U);
    EXPECT_EQ(findings[0].verdict, Verdict::good);
}

TEST(Doctor, LetsEachKindExamineItsOwnMeters) {
    Config config;
    config.meters.resize(3);
    config.meters[0].kind = "a";
    config.meters[1].kind = "b";
    config.meters[2].kind = "a";
    const auto findings = examine_kinds(config, kinds);
    ASSERT_EQ(findings.size(), 1U);
    EXPECT_EQ(findings[0].finding, "2");
}

TEST(Doctor, ExaminesAPlaceForALedger) {
    const auto findings = examine_host("/nowhere/at/all/ledger.db");
    ASSERT_EQ(findings.size(), 2U);
    EXPECT_EQ(findings[0].about, "clock");
    EXPECT_EQ(findings[1].about, "ledger");
}

}  // namespace
}  // namespace octroi
