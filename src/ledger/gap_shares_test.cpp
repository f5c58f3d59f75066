// SPDX-License-Identifier: GPL-3.0-or-later
#include "ledger/gap_shares.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <numeric>
#include <random>

#include "ledger/testing/batches.hpp"

namespace octroi::testing {
namespace {

using ::testing::ElementsAre;

using Parts = std::vector<std::uint64_t>;

TEST(SharesOf, AddUpToTheAmount) {
    EXPECT_EQ(shares_of(10, Parts{1, 1, 1}), (Parts{4, 3, 3})) << "of equal ones the first";
    EXPECT_EQ(shares_of(10, Parts{1, 5, 3}), (Parts{1, 6, 3}));
    EXPECT_EQ(shares_of(1, Parts{0, 2, 3}), (Parts{0, 0, 1}));
    EXPECT_EQ(shares_of(7, Parts{0, 0}), (Parts{0, 0}));
    EXPECT_EQ(shares_of(7, Parts{}), Parts{});
    EXPECT_EQ(shares_of(UINT64_MAX, Parts{UINT64_MAX, UINT64_MAX}),
              (Parts{UINT64_MAX / 2 + 1, UINT64_MAX / 2}));
}

TEST(SharesOf, NoPartIsAnOctetFromItsShare) {
    std::mt19937_64 random(7);
    for (int round = 0; round < 200; ++round) {
        Parts weights(random() % 20 + 1);
        for (std::uint64_t& weight : weights) weight = random() % 1'000;
        const std::uint64_t sum = std::accumulate(weights.begin(), weights.end(), std::uint64_t{0});
        if (sum == 0) continue;
        const std::uint64_t amount = random() % 1'000'000;
        const Parts parts = shares_of(amount, weights);
        EXPECT_EQ(std::accumulate(parts.begin(), parts.end(), std::uint64_t{0}), amount);
        for (std::size_t i = 0; i < parts.size(); ++i) {
            const std::uint64_t down = amount * weights[i] / sum;
            EXPECT_TRUE(parts[i] == down || (parts[i] == down + 1 && weights[i] > 0));
        }
    }
}

Party named(const std::string& identity) {
    Party party = unattributed(identity);
    return party;
}

TransferSum line(const Party& from, const Party& to, std::uint64_t bytes, int step = 0) {
    return {.layer = Layer::application,
            .bucket = bucket_at(step),
            .from = from,
            .to = to,
            .volume = {Bytes(bytes), Packets(0), Flows(1)}};
}

TEST(GapShares, AreThoseOfTheNamesInTheLog) {
    const std::vector<ServerGapRow> gaps{
        {.begin = bucket_at(0), .log = "web", .meter = "eth", .gap = 100},
        {.begin = bucket_at(1), .log = "web", .meter = "eth", .gap = -3},
        {.begin = bucket_at(2), .log = "web", .meter = "eth", .gap = 9}};
    const Party a = named("domain a.example");
    const Party b = named("domain b.example");
    const Party client = named("10.0.0.9");  // a local visitor
    const auto shares = gap_shares(
        gaps, {line(a, outside("world"), 20), line(client, a, 10), line(b, outside("world"), 60),
               line(excluded("implausible"), excluded("implausible"), 1'000'000),
               line(b, outside("world"), 5, 1)});
    EXPECT_THAT(shares, ElementsAre(GapShare{bucket_at(0), "web", "eth", b, 60, 67},
                                    GapShare{bucket_at(0), "web", "eth", a, 30, 33},
                                    GapShare{bucket_at(1), "web", "eth", b, 5, 0},
                                    GapShare{bucket_at(2), "web", "eth", Party{}, 0, 9}));
}

}  // namespace
}  // namespace octroi::testing
