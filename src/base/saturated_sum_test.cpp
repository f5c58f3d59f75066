// SPDX-License-Identifier: GPL-3.0-or-later
#include "base/saturated_sum.hpp"

#include <gtest/gtest.h>

#include <cstdint>

namespace octroi {
namespace {

TEST(SaturatedSum, StaysAtTheHighestValue) {
    Volume total;
    const Volume large{Bytes(UINT64_MAX / 2), Packets(3), Flows(1)};
    for (int i = 0; i < 2; ++i) add_saturated(total, large);
    EXPECT_EQ(total.bytes.value(), UINT64_MAX - 1);
    add_saturated(total, large);
    EXPECT_EQ(total, (Volume{Bytes(UINT64_MAX), Packets(9), Flows(3)}));
}

}  // namespace
}  // namespace octroi
