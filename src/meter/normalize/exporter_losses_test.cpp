// SPDX-License-Identifier: GPL-3.0-or-later
#include "meter/normalize/exporter_losses.hpp"

#include <gtest/gtest.h>

namespace octroi::normalize {
namespace {

constexpr UtcTime lost_at = UtcTime::from_seconds(1'790'000'000);

TEST(ExporterLossesTest, ARowStaysThatOfItsExporterWhenTheTableIsFull) {
    ExporterLosses table;
    const auto lose = [&](std::uint32_t exporter) {
        table.add(Address::v4(exporter), LossReason::export_gap, {lost_at, lost_at}, 1,
                  std::nullopt);
    };
    for (std::uint32_t i = 1; i <= ExporterLosses::losses_max; ++i) lose(i);
    lose(1);
    lose(ExporterLosses::losses_max + 1);
    lose(ExporterLosses::losses_max + 2);
    const std::vector<Loss> losses = table.drain();
    EXPECT_EQ(losses.size(), ExporterLosses::losses_max + 1);
    for (const Loss& loss : losses) {
        if (loss.source == "0.0.0.1" || loss.source == "other exporters")
            EXPECT_EQ(loss.packets, 2U) << loss.source;
        else
            ASSERT_EQ(loss.packets, 1U) << loss.source;
    }
}

}  // namespace
}  // namespace octroi::normalize
