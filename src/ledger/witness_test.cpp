// SPDX-License-Identifier: GPL-3.0-or-later
#include "ledger/witness.hpp"

#include <gtest/gtest.h>

#include "ledger/testing/batches.hpp"

namespace octroi::testing {
namespace {

struct WitnessedTraffic {
    std::vector<TransferSum> sums;

    void add(const std::string& meter, MeterRole role, Layer layer, const Party& from,
             const Party& to, Volume volume, int bucket = 0) {
        sums.push_back({.layer = layer,
                        .bucket = bucket_at(bucket),
                        .meter = meter,
                        .role = role,
                        .from = from,
                        .to = to,
                        .volume = volume});
    }
    [[nodiscard]] std::vector<WitnessRow> rows() const {
        return witness_rows(sums, [](std::string_view, std::string_view) { return true; });
    }
};

Volume volume(std::uint64_t bytes, std::uint64_t packets) {
    return {Bytes(bytes), Packets(packets), Flows(0)};
}

// 100 packets of 1000 octets and one ARP frame of 42, of which the capture missed 4.
TEST(Witness, HeadersExplainTheDifferenceBetweenLayers) {
    WitnessedTraffic traffic;
    const Party alice = account("alice");
    const Party world = outside("world");
    traffic.add("links", MeterRole::witness, Layer::frame, unattributed("interface eth0"), world,
                volume(60 * 1014, 60));
    traffic.add("links", MeterRole::witness, Layer::frame, world, unattributed("interface eth0"),
                volume(40 * 1014 + 42, 41));
    traffic.add("capture", MeterRole::bill, Layer::ip, alice, world, volume(96 * 1000, 96));
    traffic.add("capture", MeterRole::bill, Layer::ip, excluded("non-ip"), excluded("non-ip"),
                volume(42, 1));
    const auto rows = traffic.rows();
    ASSERT_EQ(rows.size(), 1U);
    EXPECT_EQ(rows[0].witness, "links");
    EXPECT_EQ(rows[0].meter, "capture");
    EXPECT_EQ(rows[0].witnessed, volume(101'442, 101));
    EXPECT_EQ(rows[0].billed, volume(96'000, 96));
    EXPECT_EQ(rows[0].excluded, volume(42, 1));
    EXPECT_EQ(rows[0].headers, 1400) << "the ARP frame has its own";
    EXPECT_EQ(rows[0].rest, 4000);
    EXPECT_NEAR(rows[0].percent, 3.94, 0.01);
}

TEST(Witness, OneLayerHasNoHeadersAndTheOtherWayRoundTheyAreLess) {
    WitnessedTraffic traffic;
    traffic.add("a", MeterRole::witness, Layer::ip, account("x"), outside("w"), volume(1000, 10));
    traffic.add("b", MeterRole::bill, Layer::ip, account("x"), outside("w"), volume(1000, 10));
    traffic.add("c", MeterRole::bill, Layer::frame, account("x"), outside("w"), volume(1140, 10));
    const auto rows = traffic.rows();
    ASSERT_EQ(rows.size(), 2U);
    EXPECT_EQ(rows[0].headers, 0);
    EXPECT_EQ(rows[0].rest, 0);
    EXPECT_EQ(rows[1].headers, -140);
    EXPECT_EQ(rows[1].rest, 0);
}

TEST(Witness, AStepInWhichOneSawNothingIsShown) {
    WitnessedTraffic traffic;
    traffic.add("a", MeterRole::witness, Layer::ip, account("x"), outside("w"), volume(1000, 10));
    traffic.add("b", MeterRole::bill, Layer::ip, account("x"), outside("w"), volume(500, 5), 7);
    const auto rows = traffic.rows();
    ASSERT_EQ(rows.size(), 2U);
    EXPECT_EQ(rows[0].rest, 1000);
    EXPECT_EQ(rows[0].percent, 100);
    EXPECT_EQ(rows[1].begin, bucket_at(7));
    EXPECT_EQ(rows[1].rest, -500);
    EXPECT_EQ(rows[1].percent, -100);
}

TEST(Witness, MetersOfOtherInterfacesAreNotCompared) {
    WitnessedTraffic traffic;
    traffic.add("a", MeterRole::witness, Layer::ip, account("x"), outside("w"), volume(1000, 10));
    traffic.add("b", MeterRole::bill, Layer::ip, account("x"), outside("w"), volume(500, 5));
    EXPECT_TRUE(witness_rows(traffic.sums, [](std::string_view witness, std::string_view meter) {
                    EXPECT_EQ(witness, "a");
                    return meter != "b";
                }).empty());
}

TEST(Witness, SumsThatDoNotFitStayAtTheHighestValue) {
    WitnessedTraffic traffic;
    for (int i = 0; i < 2; ++i)
        traffic.add("a", MeterRole::witness, Layer::frame, account("x"), outside("w"),
                    volume(UINT64_MAX, UINT64_MAX));
    traffic.add("b", MeterRole::bill, Layer::ip, account("x"), outside("w"), volume(1, 1));
    const auto rows = traffic.rows();
    ASSERT_EQ(rows.size(), 1U);
    EXPECT_EQ(rows[0].witnessed.bytes.value(), UINT64_MAX);
    EXPECT_EQ(rows[0].headers, INT64_MAX);
}

}  // namespace
}  // namespace octroi::testing
