// SPDX-License-Identifier: GPL-3.0-or-later
#include "ledger/server_gap.hpp"

#include <gtest/gtest.h>

#include "ledger/testing/batches.hpp"

namespace octroi::testing {
namespace {

Volume octets_in(std::uint64_t bytes, std::uint64_t packets) {
    return {Bytes(bytes), Packets(packets), Flows(0)};
}

Party at(const std::string& identity) {
    Party party = account("hosting");
    party.identity = identity;
    return party;
}

TransferSum sum_of(const std::string& meter, Layer layer, const Party& from, const Party& to,
                   const std::string& service, Volume volume, int bucket = 0) {
    return {.layer = layer,
            .bucket = bucket_at(bucket),
            .meter = meter,
            .from = from,
            .to = to,
            .service = service,
            .volume = volume};
}

const LoggedServer server{
    .log = "apache", .identities = {"192.0.2.10", "2001:db8::10"}, .services = {"http", "https"}};

TEST(ServerGap, IsWhatTheNetworkCarriedBeyondTheLog) {
    const Party four = at("192.0.2.10");
    const std::vector<CarriedSums> carried{
        {"192.0.2.10",
         {sum_of("eth", Layer::ip, four, outside("world"), "https", octets_in(10'000, 10)),
          sum_of("eth", Layer::ip, outside("world"), four, "http", octets_in(1'000, 5)),
          sum_of("eth", Layer::ip, outside("world"), four, "ssh", octets_in(7'000, 9)),
          sum_of("eth", Layer::ip, excluded("duplicate"), four, "http", octets_in(500, 1))}},
        {"2001:db8::10",
         {sum_of("eth", Layer::ip, at("2001:db8::10"), outside("world"), "http",
                 octets_in(2'000, 2))}}};
    const std::vector<TransferSum> logged{sum_of("apache", Layer::application, outside("world"),
                                                 unattributed("domain a"), "http",
                                                 octets_in(9'000, 3))};
    const auto rows = server_gap_rows(server, carried, logged);
    ASSERT_EQ(rows.size(), 1U);
    EXPECT_EQ(rows[0].meter, "eth");
    EXPECT_EQ(rows[0].carried, octets_in(13'000, 17)) << "ssh is not in this log";
    EXPECT_EQ(rows[0].logged, 9'000U);
    EXPECT_EQ(rows[0].gap, 4'000);
    EXPECT_EQ(rows[0].headers, 15U * tcp4_header_octets + 2U * tcp6_header_octets);
    EXPECT_EQ(rows[0].rest, 4'000 - 720);
}

// As attribution excludes packets that the log is charged for.
TEST(ServerGap, PacketsThatTheLogTakesPrecedenceOverAreCompared) {
    Party duplicate = excluded("duplicate");
    Party at_server = duplicate;
    at_server.identity = "192.0.2.10";
    const std::vector<CarriedSums> carried{
        {"192.0.2.10",
         {sum_of("eth", Layer::ip, at_server, duplicate, "https", octets_in(10'000, 10)),
          sum_of("eth", Layer::ip, duplicate, at_server, "https", octets_in(1'000, 5))}}};
    const std::vector<TransferSum> logged{
        sum_of("apache", Layer::application, outside("world"), unattributed("domain a"), "http",
               octets_in(9'000, 3)),
        sum_of("apache", Layer::application, duplicate, duplicate, "http", octets_in(500, 1)),
        sum_of("apache", Layer::application, excluded("implausible"), excluded("implausible"),
               "http", octets_in(70'000, 1))};
    const auto rows = server_gap_rows(server, carried, logged);
    ASSERT_EQ(rows.size(), 1U);
    EXPECT_EQ(rows[0].carried, octets_in(11'000, 15));
    EXPECT_EQ(rows[0].logged, 9'500U) << "lines of before the precedence are compared too";
}

// Both answers hold it.
TEST(ServerGap, TrafficBetweenTwoAddressesOfTheServerCountsOnce) {
    const TransferSum sum =
        sum_of("eth", Layer::ip, at("192.0.2.10"), at("2001:db8::10"), "http", octets_in(100, 1));
    const std::vector<CarriedSums> carried{{"192.0.2.10", {sum}}, {"2001:db8::10", {sum}}};
    const auto rows = server_gap_rows(server, carried, {});
    ASSERT_EQ(rows.size(), 1U);
    EXPECT_EQ(rows[0].carried.bytes.value(), 100U);
}

TEST(ServerGap, ALogWithMoreThanTheNetworkCarriedIsBelowZero) {
    const std::vector<CarriedSums> carried{
        {"192.0.2.10",
         {sum_of("eth", Layer::ip, at("192.0.2.10"), outside("w"), "http", octets_in(100, 1), 0)}}};
    const std::vector<TransferSum> logged{
        sum_of("apache", Layer::application, outside("w"), unattributed("domain a"), "http",
               octets_in(90, 1), 0),
        sum_of("apache", Layer::application, outside("w"), unattributed("domain a"), "http",
               octets_in(70, 1), 1)};
    const auto rows = server_gap_rows(server, carried, logged);
    ASSERT_EQ(rows.size(), 2U) << "a step without packets, but with a log, has a row too";
    EXPECT_EQ(rows[0].gap, 10);
    EXPECT_EQ(rows[1].begin, bucket_at(1));
    EXPECT_EQ(rows[1].carried, Volume{});
    EXPECT_EQ(rows[1].gap, -70);
}

TEST(ServerGap, NothingIsComparedWithoutAPacketMeter) {
    const std::vector<TransferSum> logged{sum_of("apache", Layer::application, outside("w"),
                                                 unattributed("domain a"), "http",
                                                 octets_in(90, 1))};
    EXPECT_TRUE(server_gap_rows(server, {}, logged).empty());
}

}  // namespace
}  // namespace octroi::testing
