// SPDX-License-Identifier: GPL-3.0-or-later
#include "base/sampling.hpp"

#include <gtest/gtest.h>

#include <algorithm>
#include <numeric>
#include <random>
#include <vector>

namespace octroi {
namespace {

TEST(Variance, IsRoundedUpAndSaturated) {
    EXPECT_EQ(saturated_variance(0, variance_unit), 0U);
    EXPECT_EQ(saturated_variance(1, variance_unit), 1U);
    EXPECT_EQ(saturated_variance(variance_unit, variance_unit), 1U);
    EXPECT_EQ(saturated_variance(Uint128{variance_max} + 5), variance_max);
    EXPECT_EQ(added_variances(3, 4), 7U);
    EXPECT_EQ(added_variances(variance_max - 3, 4), variance_max);
    EXPECT_EQ(added_variances(variance_max, 0), variance_max);
    EXPECT_EQ(added_variances(1, UINT64_MAX), variance_max);
}

TEST(Error, IsZeroForCountedTraffic) { EXPECT_EQ(error_95(0, 1, 0), 0U); }

TEST(Error, IsTwoDeviationsForManyPackets) {
    // 1,000,000 packets counted at a rate of 1000: 1.96 * sqrt(1e6 * 1000 * 999), plus a little.
    const auto error = error_95(999'000'000'000, 1, 999'000'000);
    EXPECT_GE(*error, 1'959'000U);
    EXPECT_LE(*error, 1'963'000U);
}

// One counted packet may stand for several: the 95 % interval of 1 reaches to 5.7 (Poisson).
TEST(Error, IsSeveralPacketsForOne) {
    const auto error = error_95(std::uint64_t{1000} * 999, 1, 999);
    EXPECT_GE(*error, 4'600U);
    EXPECT_LE(*error, 4'700U);
}

TEST(Error, IsUnknownForASaturatedVariance) {
    EXPECT_EQ(error_95(variance_max, 1, 5), std::nullopt);
    EXPECT_TRUE(error_95(variance_max - 1, variance_unit, 1).has_value());
    EXPECT_TRUE(error_95(variance_max - 1, variance_unit, 0).has_value());
}

std::uint64_t sum(const std::vector<std::uint64_t>& sizes) {
    return std::accumulate(sizes.begin(), sizes.end(), std::uint64_t{0});
}
std::uint64_t sum_of_squares(const std::vector<std::uint64_t>& sizes) {
    return std::accumulate(sizes.begin(), sizes.end(), std::uint64_t{0},
                           [](std::uint64_t all, std::uint64_t s) { return all + s * s; });
}

TEST(SizeBound, IsExactIfAllPacketsAreFullOrMinimal) {
    EXPECT_EQ(weighted_size_bound(1500, 1), 1500U);
    EXPECT_EQ(weighted_size_bound(std::uint64_t{1500} * 77, 77), 1500U);
    EXPECT_EQ(weighted_size_bound(std::uint64_t{40} * 77, 77), 40U);
    EXPECT_EQ(weighted_size_bound(99, 1), 99U);
    EXPECT_EQ(weighted_size_bound(20, 1), 20U);
    EXPECT_EQ(weighted_size_bound(40, 2), 20U);
    // Packets with a mean of 99 may be many of 40 and a few of 1500.
    EXPECT_GT(weighted_size_bound(198, 2), 900U);
    // Jumbo frames.
    EXPECT_EQ(weighted_size_bound(std::uint64_t{9216} * 5, 5), 9216U);
    // Impossible counts give a bound, too.
    EXPECT_EQ(weighted_size_bound(0, 5), 0U);
    EXPECT_EQ(weighted_size_bound(5, 0), 1500U);
    EXPECT_EQ(weighted_size_bound(UINT64_MAX, 1), 65535U);
    EXPECT_LE(weighted_size_bound(UINT64_MAX, UINT64_MAX), 40U);
}

TEST(SizeBound, IsNeverTooSmall) {
    std::mt19937_64 random(3);
    for (int round = 0; round < 2000; ++round) {
        std::vector<std::uint64_t> sizes(1 + random() % 40);
        const std::uint64_t span = 1 + random() % 1461;
        for (std::uint64_t& s : sizes) s = 40 + random() % span;
        const std::uint64_t bytes = sum(sizes);
        EXPECT_GE(weighted_size_bound(bytes, sizes.size()) * bytes, sum_of_squares(sizes));
    }
}

// 1000 runs sample the same traffic differently. The true figure is inside the interval in at least
// 95 % of them, also if only a few packets were counted.
class Coverage : public ::testing::TestWithParam<std::pair<std::uint64_t, std::size_t>> {};

TEST_P(Coverage, IsAtLeast95PercentForAllRatesAndNumbersOfSamples) {
    const auto [rate, expected_samples] = GetParam();
    std::mt19937_64 random(11);
    std::vector<std::uint64_t> sizes(rate * expected_samples);
    for (std::uint64_t& s : sizes) s = random() % 3 == 0 ? 40 + random() % 1461 : 1500;
    const std::uint64_t bytes = sum(sizes);
    std::geometric_distribution<std::uint64_t> skip(1.0 / static_cast<double>(rate));
    int packets_right = 0;
    int bytes_right = 0;
    const auto off = [](std::uint64_t a, std::uint64_t b) { return a > b ? a - b : b - a; };
    for (int run = 0; run < 1000; ++run) {
        std::uint64_t counted = 0;
        std::uint64_t octets = 0;
        Uint128 bytes_variance = 0;
        for (std::uint64_t at = skip(random); at < sizes.size(); at += 1 + skip(random)) {
            ++counted;
            octets += sizes[at];
            bytes_variance += Uint128{rate - 1} * rate * sizes[at] * sizes[at];
        }
        const auto packets_error = error_95(counted * rate * (rate - 1), 1, counted * (rate - 1));
        const auto bytes_error = error_95(saturated_variance(bytes_variance, variance_unit),
                                          variance_unit, octets * (rate - 1));
        packets_right += off(counted * rate, sizes.size()) <= *packets_error ? 1 : 0;
        bytes_right += off(octets * rate, bytes) <= *bytes_error ? 1 : 0;
        // Without a sample there is no row, so no interval can be wrong.
        if (counted == 0) ++packets_right, ++bytes_right;
    }
    EXPECT_GE(packets_right, 945);
    EXPECT_GE(bytes_right, 945);
}

INSTANTIATE_TEST_SUITE_P(Sampling, Coverage,
                         ::testing::Values(std::pair{2, 20}, std::pair{10, 4}, std::pair{10, 100},
                                           std::pair{100, 8}, std::pair{100, 30},
                                           std::pair{1000, 5}, std::pair{100, 1000}));

}  // namespace
}  // namespace octroi
