// SPDX-License-Identifier: GPL-3.0-or-later
#include "service/doctor.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <array>

#include "service/testing/temporary_ledger.hpp"

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
// For the same reason as kind a.
constexpr std::array kernel_drops{LossReason::kernel_drop};
constexpr std::array other_advice{LossAdvice{kernel_drops, "no records", "a faster disk"}};
constexpr MeterKind other{.name = "c", .loss_advice = other_advice};
constexpr std::array kinds{&examined, &silent, &other};
const std::vector<MeterState> meters{{.meter = {"of-a", "a", MeterRole::bill}},
                                     {.meter = {"of-c", "c", MeterRole::bill}}};

TEST(Doctor, GivesTheAdviceOfAKindForItsLosses) {
    std::vector<MeterLoss> losses(4);
    for (MeterLoss& loss : losses) loss.meter = "of-a";
    losses[3].meter = "of-c";
    losses[3].loss.reason = LossReason::kernel_drop;
    losses[0].loss.reason = LossReason::kernel_drop;
    losses[1].loss.reason = LossReason::interface_drop;
    losses[2].loss.reason = LossReason::export_gap;
    const auto findings = examine_losses(losses, meters, "the last 24 hours", kinds);
    ASSERT_EQ(findings.size(), 3U);
    EXPECT_EQ(findings[0].verdict, Verdict::wrong);
    EXPECT_THAT(findings[0].finding, HasSubstr("drops, 2 times in the last 24 hours"));
    EXPECT_EQ(findings[0].fix, "a larger buffer");
    EXPECT_THAT(findings[1].finding, HasSubstr("no records, 1 time in"));
    EXPECT_EQ(findings[2].verdict, Verdict::wrong);
    EXPECT_THAT(findings[2].finding, HasSubstr("export-gap: exports did not arrive, 1 time in"));
}

// Each reason by its name, with advice, whatever the kind of the meter.
TEST(Doctor, NamesEveryKindOfLoss) {
    for (int number = 1; number <= static_cast<int>(last_loss_reason); ++number) {
        const auto reason = static_cast<LossReason>(number);
        std::vector<MeterLoss> losses(1);
        losses[0].meter = "of-b";
        losses[0].loss.reason = reason;
        losses[0].loss.packets = 1204;
        const auto findings = examine_losses(losses, meters, "the last 24 hours", kinds);
        ASSERT_EQ(findings.size(), 1U);
        EXPECT_EQ(findings[0].verdict, Verdict::wrong);
        EXPECT_THAT(findings[0].finding, HasSubstr(std::string(to_string(reason)) + ": "));
        EXPECT_THAT(findings[0].finding, HasSubstr("at most 1,204"));
        EXPECT_FALSE(findings[0].fix.empty());
    }
}

TEST(Doctor, ReportsCountersOfInputThatCannotBeUsed) {
    static constexpr std::array counter_advice{CounterAdvice{"bad_total", "bad datagrams", "look"}};
    static constexpr MeterKind kind{.name = "d", .counter_advice = counter_advice};
    constexpr std::array some{&kind};
    const auto quiet = examine_counters(std::vector<CounterRow>{{"m", "bad_total", "", 0}}, some);
    ASSERT_EQ(quiet.size(), 1U);
    EXPECT_EQ(quiet[0].verdict, Verdict::good);
    EXPECT_THAT(quiet[0].finding, HasSubstr("1 counter"));
    const auto bad = examine_counters(std::vector<CounterRow>{{"m", "bad_total", "", 7}}, some);
    ASSERT_EQ(bad.size(), 1U);
    EXPECT_EQ(bad[0].verdict, Verdict::wrong);
    EXPECT_EQ(bad[0].finding, "meter m: bad datagrams, 7 times since the start of the daemon");
    EXPECT_EQ(bad[0].fix, "look");
    const auto none = examine_counters(fail(ErrorCode::not_found, "no daemon"), some);
    EXPECT_FALSE(has_wrong(none));
    EXPECT_THAT(none.at(0).finding, HasSubstr("were not checked"));
}

TEST(Doctor, CutsNothingAndSaysWhatItChecked) {
    const std::string long_advice =
        "a larger socket_buffer in [[meter]], as root or with sysctl net.core.rmem_max, and a "
        "faster disk for the journal";
    const std::vector<Finding> findings{{Verdict::good, "clock", "disciplined", ""},
                                        {Verdict::wrong, "losses", "lost\x1b[31m", long_advice},
                                        {Verdict::good, "losses", "none", ""}};
    const std::string narrow = findings_text(findings, 60);
    std::string joined;
    std::size_t line = 0;
    for (const char c : narrow) {
        line = c == '\n' ? 0 : line + 1;
        EXPECT_LE(line, 62U);
        if (c != '\n' && !(c == ' ' && joined.ends_with(' '))) joined += c;
        if (c == '\n' && !joined.ends_with(' ')) joined += ' ';
    }
    EXPECT_THAT(narrow, HasSubstr("Checked: clock, losses.\n"));
    EXPECT_THAT(joined, HasSubstr("Next: " + long_advice)) << narrow;
    EXPECT_EQ(narrow.find('\x1b'), std::string::npos);
    EXPECT_THAT(findings_text(findings, 0), HasSubstr("Next: " + long_advice + "\n"));
}

TEST(Doctor, SaysThatNothingWasLost) {
    const auto findings = examine_losses({}, {}, "the last 24 hours", kinds);
    ASSERT_EQ(findings.size(), 1U);
    EXPECT_EQ(findings[0].verdict, Verdict::good);
}

TEST(Doctor, ExaminesALedgerThatIsThereOrNot) {
    const UtcTime now = UtcTime::from_seconds(1'700'000'000);
    const auto absent = examine_ledger(fail(ErrorCode::not_found, "no ledger"), now, kinds);
    ASSERT_EQ(absent.size(), 2U);
    EXPECT_EQ(absent[0].verdict, Verdict::note);
    const auto damaged = examine_ledger(fail(ErrorCode::corrupt, "no ledger"), now, kinds);
    EXPECT_TRUE(has_wrong(damaged));
    EXPECT_FALSE(has_wrong(absent));
    const testing::TemporaryLedger ledger;
    const auto empty =
        examine_ledger(open_ledger(ledger.path(), {.mode = OpenMode::read_only}), now, kinds);
    ASSERT_EQ(empty.size(), 1U);
    EXPECT_EQ(empty[0].verdict, Verdict::good);
}

TEST(Doctor, ReportsFindings) {
    const std::vector<Finding> findings{{Verdict::good, "clock", "disciplined", ""},
                                        {Verdict::wrong, "ledger", "in memory", "a disk"}};
    const Report report = findings_report(findings);
    ASSERT_EQ(report.rows.size(), 2U);
    EXPECT_EQ(report.rows[0].cells[0], Cell(std::string("good")));
    EXPECT_EQ(report.rows[0].cells[3], Cell());
    EXPECT_EQ(report.rows[1].cells[3], Cell(std::string("a disk")));
    EXPECT_EQ(report.rows[1].tone, Tone::warn);
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
