// SPDX-License-Identifier: GPL-3.0-or-later
#include "meter/capture/interface_account.hpp"

#include <gtest/gtest.h>

namespace octroi::capture {
namespace {

// A frame of 65,535 octets may have lacked the headers of 121 segments.
TEST(InterfaceAccount, ALostFrameThatMayBeMergedIsBoundedWithTheHeadersOfItsSegments) {
    InterfaceAccount account;
    const UtcTime now = UtcTime::from_seconds(1'700'000'000);
    std::vector<Loss> losses;
    account.start({});
    account.add_drops("eth0", {.kernel_drops = 2}, nullptr, now, losses);
    account.on_merged_frame();
    account.add_drops("eth0", {.kernel_drops = 4}, nullptr, now, losses);
    ASSERT_EQ(losses.size(), 2U);
    EXPECT_EQ(losses[0].bytes_bound, 2U * 65'535);
    EXPECT_EQ(losses[1].bytes_bound, 131'070U + 131'070 / 8);
}

}  // namespace
}  // namespace octroi::capture
