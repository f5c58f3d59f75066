// SPDX-License-Identifier: GPL-3.0-or-later
#include "wire/flow/sampling_rate.hpp"

#include <gtest/gtest.h>

namespace octroi::flow {
namespace {

TEST(SamplingRate, PossibleRatesStayAsTheyAre) {
    for (const std::uint64_t rate : {0ULL, 1ULL, 100ULL, 65'535ULL, 1ULL << 24U})
        EXPECT_EQ(plausible_rate(rate), rate);
}

TEST(SamplingRate, ANumberWithTheLeastOctetFirstIsTurnedRound) {
    EXPECT_EQ(plausible_rate(3'892'510'720), 1000U);
    EXPECT_EQ(plausible_rate(2'919'759'872), 2222U);
    EXPECT_EQ(plausible_rate(0x80000000), 128U);
}

TEST(SamplingRate, OthersAreRefused) {
    // Both ways round beyond the largest rate.
    EXPECT_EQ(plausible_rate(0x7fffff7f), 0U);
    EXPECT_EQ(plausible_rate(std::uint64_t{1} << 32U), 0U);
    EXPECT_EQ(plausible_rate(UINT64_MAX), 0U);
}

}  // namespace
}  // namespace octroi::flow
