// SPDX-License-Identifier: GPL-3.0-or-later
#include "view/loss_text.hpp"

#include <gtest/gtest.h>

#include "record/loss_unit.hpp"

namespace octroi {
namespace {

UtcTime at(std::string_view text) { return parse_rfc3339(text).value(); }

MeterLoss loss(LossReason reason, Interval interval, std::optional<std::uint64_t> packets) {
    return {.meter = "eth0", .loss = {"eth0", reason, interval, packets, {}}};
}

TEST(LossText, SumsEachReasonByItself) {
    const Interval first{at("2026-11-29T13:20:00Z"), at("2026-11-29T13:21:00Z")};
    const Interval second{at("2026-11-29T13:24:00Z"), at("2026-11-29T13:25:10Z")};
    const Interval next_day{at("2026-11-29T23:59:00Z"), at("2026-11-30T00:01:00Z")};
    const auto sums = summed_losses(std::vector{
        loss(LossReason::not_running, second, 1000), loss(LossReason::corrupt, next_day, {}),
        loss(LossReason::not_running, first, 204), loss(LossReason::socket_drop, {}, 3),
        loss(LossReason::socket_drop, {}, {})});
    ASSERT_EQ(sums.size(), 3U);
    const Zone utc = Zone::utc();
    EXPECT_EQ(loss_text(sums[0], utc),
              "not-running 2 times, 1,204 packets at most, 2026-11-29 13:20:00 to 13:25:10");
    EXPECT_EQ(loss_text(sums[1], utc),
              "corrupt 1 time, 2026-11-29 23:59:00 to 2026-11-30 00:01:00");
    EXPECT_EQ(loss_text(sums[2], utc),
              "socket-drop 2 times, some without a number, others 3 datagrams at most");
    EXPECT_TRUE(summed_losses({}).empty());
}

// A reason without a meaning or a unit would be left out of what people read.
TEST(LossText, KnowsEveryReason) {
    for (int number = 1; number <= static_cast<int>(last_loss_reason); ++number) {
        const auto reason = static_cast<LossReason>(number);
        EXPECT_FALSE(loss_meaning(reason).empty());
        EXPECT_NE(unit_of(reason), std::string());
    }
}

}  // namespace
}  // namespace octroi
