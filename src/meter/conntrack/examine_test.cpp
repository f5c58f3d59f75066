// SPDX-License-Identifier: GPL-3.0-or-later
#include "meter/conntrack/examine.hpp"

#include <gtest/gtest.h>

namespace octroi::conntrack {
namespace {

TEST(ConntrackDoctor, ReportsFlowtablesThatHideTraffic) {
    Flowtable flowtable{.table = "filter", .name = "fast", .offloads = false, .counts = false};
    auto finding = hidden_traffic(flowtable);
    ASSERT_TRUE(finding.has_value());
    EXPECT_EQ(finding->verdict, Verdict::wrong);
    EXPECT_NE(finding->finding.find("filter fast has no `counter`"), std::string::npos);
    flowtable.counts = true;
    EXPECT_FALSE(hidden_traffic(flowtable).has_value());
    flowtable.offloads = true;
    finding = hidden_traffic(flowtable);
    ASSERT_TRUE(finding.has_value());
    EXPECT_EQ(finding->verdict, Verdict::note);
}

}  // namespace
}  // namespace octroi::conntrack
