// SPDX-License-Identifier: GPL-3.0-or-later
// A router that translates addresses: lan (eth0) has private addresses, the outside (eth1) sees
// one address of the router.

#include <gtest/gtest.h>

#include <map>

#include "meter/capture/testing/fake_host.hpp"
#include "wire/conntrack/testing/messages.hpp"

namespace octroi::capture {
namespace {

using conntrack::Connection;
using conntrack::testing::message_of;
using packet::build::Frame;
using testing::CollectedReadings;
using testing::must_checkpoint;
using testing::must_open;
using testing::on;
using Kind = ConnectionSource::Kind;

const Address wan = Address::v4(0xcb007102U);  // of eth1
const Address inside = testing::lan;
const Address outside = testing::far;
constexpr std::uint8_t udp_number = 17;

// The UDP flow of a client inside, port 4000, to port 53 outside. The router uses its port 50000.
Connection masqueraded(std::uint32_t id = 1) {
    Connection c;
    c.original = {inside, outside, 4000, 53, udp_number};
    c.reply = {outside, wan, 53, 50'000, udp_number};
    c.id = id;
    return c;
}

std::string datagram(const Mac& to, const Mac& from, const Address& src, std::uint16_t sport,
                     const Address& dst, std::uint16_t dport, std::size_t payload = 100) {
    return Frame()
        .ethernet(to, from)
        .ipv4({.src = src, .dst = dst})
        .udp(sport, dport)
        .payload(payload)
        .octets();
}

class LiveNat : public ::testing::Test {
protected:
    LiveNat() {
        host_.states["eth0"].interface.forwards_v4 = true;
        host_.states["eth1"].interface.addresses.push_back({wan, Prefix::of(wan, 24)});
        host_.tracks_connections = true;
    }
    // A request and its reply pass the router.
    void exchange(std::size_t payload = 100) {
        host_.pass("eth0", datagram(testing::router_a, testing::client, inside, 4000, outside, 53,
                                    payload));
        host_.pass("eth1",
                   datagram(testing::server, testing::router_b, wan, 50'000, outside, 53, payload));
        host_.pass("eth1",
                   datagram(testing::router_b, testing::server, outside, 53, wan, 50'000, payload));
        host_.pass("eth0", datagram(testing::client, testing::router_a, outside, 53, inside, 4000,
                                    payload));
    }
    struct Sum {
        std::uint64_t packets = 0;
        std::uint64_t bytes = 0;
    };
    // Of what counts, by its ends; the duplicates at no ends.
    using Sums = std::map<std::pair<Address, Address>, Sum>;
    [[nodiscard]] static Sums sums_of(const CollectedReadings& sink) {
        Sums sums;
        for (const Reading& r : sink.all) {
            const bool counts = r.kind == ReadingKind::ip;
            Sum& sum = sums[counts ? std::pair{r.src, r.dst} : std::pair<Address, Address>{}];
            sum.packets += r.packets;
            sum.bytes += r.bytes;
        }
        return sums;
    }
    testing::FakeHost host_;
    CollectedReadings sink_;
};

// The event of the connection is read after its first frames.
TEST_F(LiveNat, CountsATranslatedPacketOnceAtTheInsideAddress) {
    const auto meter = must_open(on({"eth0", "eth1"}), host_);
    host_.events.emplace_back(Kind::begun, message_of(masqueraded()));
    for (int i = 0; i < 3; ++i) exchange();
    const Checkpoint checkpoint = must_checkpoint(*meter, sink_);
    EXPECT_EQ(checkpoint.observed.packets.value(), 12U);
    const auto sums = sums_of(sink_);
    ASSERT_EQ(sums.size(), 3U);
    EXPECT_EQ(sums.at({inside, outside}).packets, 3U);
    EXPECT_EQ(sums.at({outside, inside}).packets, 3U);
    EXPECT_EQ(sums.at({outside, inside}).bytes, 3U * 128);
    EXPECT_EQ(sums.at({}).packets, 6U);
    for (const Reading& r : sink_.all) {
        if (r.kind != ReadingKind::ip || r.dst != inside) continue;
        EXPECT_EQ(r.dst_mac, testing::client);
        EXPECT_EQ(r.out_interface, 1U);
        EXPECT_EQ(r.dport, 4000);
    }
}

TEST_F(LiveNat, KnowsTheConnectionsThatWereThereBefore) {
    host_.table = {message_of(masqueraded())};
    const auto meter = must_open(on({"eth0", "eth1"}), host_);
    exchange();
    must_checkpoint(*meter, sink_);
    EXPECT_EQ(sums_of(sink_).at({}).packets, 2U);
}

TEST_F(LiveNat, CountsAPortThatIsForwardedInside) {
    Connection c;
    c.original = {outside, wan, 53, 80, udp_number};
    c.reply = {inside, outside, 8080, 53, udp_number};
    host_.table = {message_of(c)};
    const auto meter = must_open(on({"eth0", "eth1"}), host_);
    host_.pass("eth1", datagram(testing::router_b, testing::server, outside, 53, wan, 80));
    host_.pass("eth0", datagram(testing::client, testing::router_a, outside, 53, inside, 8080));
    host_.pass("eth0", datagram(testing::router_a, testing::client, inside, 8080, outside, 53));
    host_.pass("eth1", datagram(testing::server, testing::router_b, wan, 80, outside, 53));
    must_checkpoint(*meter, sink_);
    const auto sums = sums_of(sink_);
    ASSERT_EQ(sums.size(), 3U);
    EXPECT_EQ(sums.at({outside, inside}).packets, 1U);
    EXPECT_EQ(sums.at({inside, outside}).packets, 1U);
}

// Both ends of the translation are this machine's clients: a host inside reaches another one by the
// outside address.
TEST_F(LiveNat, CountsAConnectionThatTurnsRoundBetweenItsTrueEnds) {
    const Address other = Address::v4(0x0a000003U);
    Connection c;
    c.original = {inside, wan, 4000, 80, udp_number};
    c.reply = {other, testing::own, 8080, 4000, udp_number};
    host_.table = {message_of(c)};
    const auto meter = must_open(on({"eth0", "eth1"}), host_);
    host_.pass("eth0", datagram(testing::router_a, testing::client, inside, 4000, wan, 80));
    host_.pass("eth0",
               datagram(testing::server, testing::router_a, testing::own, 4000, other, 8080));
    must_checkpoint(*meter, sink_);
    const auto sums = sums_of(sink_);
    ASSERT_EQ(sums.size(), 2U);
    EXPECT_EQ(sums.at({inside, other}).packets, 1U);
}

TEST_F(LiveNat, CountsPingsAndFragmentsOnce) {
    Connection ping;
    ping.original = {inside, outside, 77, 77, 1, 8, 0};
    ping.reply = {outside, wan, 78, 78, 1, 0, 0};
    host_.table = {message_of(ping), message_of(masqueraded())};
    const auto meter = must_open(on({"eth0", "eth1"}), host_);
    const auto echo = [](const Mac& to, const Mac& from, const Address& src, const Address& dst,
                         std::uint8_t type, char id) {
        return Frame()
            .ethernet(to, from)
            .ipv4({.src = src, .dst = dst})
            .protocol(1)
            .raw(std::string{static_cast<char>(type), 0, 0, 0, 0, id, 0, 1})
            .payload(56)
            .octets();
    };
    host_.pass("eth1", echo(testing::router_b, testing::server, outside, wan, 0, 78));
    host_.pass("eth0", echo(testing::client, testing::router_a, outside, inside, 0, 77));
    const auto part = [](const Mac& to, const Mac& from, const Address& src, const Address& dst,
                         std::uint16_t dport, bool first) {
        Frame frame;
        frame.ethernet(to, from).ipv4(
            {.src = src,
             .dst = dst,
             .id = 9,
             .fragment_offset = static_cast<std::uint16_t>(first ? 0 : 100),
             .more_fragments = first});
        if (first)
            frame.udp(53, dport).payload(792);
        else
            frame.protocol(udp_number).payload(500);
        return frame.octets();
    };
    for (const bool first : {true, false}) {
        host_.pass("eth1", part(testing::router_b, testing::server, outside, wan, 50'000, first));
        host_.pass("eth0", part(testing::client, testing::router_a, outside, inside, 4000, first));
    }
    must_checkpoint(*meter, sink_);
    const auto sums = sums_of(sink_);
    ASSERT_EQ(sums.size(), 2U);
    EXPECT_EQ(sums.at({outside, inside}).packets, 3U);
    EXPECT_EQ(sums.at({outside, inside}).bytes, 84U + 820 + 520);
    EXPECT_EQ(sums.at({}).packets, 3U);
}

// Only where both sights are metered is one of them a duplicate, and are the addresses replaced.
TEST_F(LiveNat, OfOneMeteredSideItsOwnAddressesCount) {
    host_.table = {message_of(masqueraded())};
    const auto meter = must_open(on({"eth1"}), host_);
    exchange();
    must_checkpoint(*meter, sink_);
    const auto sums = sums_of(sink_);
    ASSERT_EQ(sums.size(), 2U);
    EXPECT_EQ(sums.at({wan, outside}).packets, 1U);
    EXPECT_EQ(sums.at({outside, wan}).packets, 1U);
}

TEST_F(LiveNat, TheRoutersOwnTrafficCountsAsItIs) {
    host_.table = {message_of(masqueraded())};
    const auto meter = must_open(on({"eth0", "eth1"}), host_);
    host_.pass("eth1", datagram(testing::server, testing::router_b, wan, 60'000, outside, 53));
    host_.pass("eth1", datagram(testing::router_b, testing::server, outside, 53, wan, 60'000));
    must_checkpoint(*meter, sink_);
    const auto sums = sums_of(sink_);
    ASSERT_EQ(sums.size(), 2U);
    EXPECT_EQ(sums.at({wan, outside}).packets, 1U);
    EXPECT_EQ(sums.at({outside, wan}).packets, 1U);
}

TEST_F(LiveNat, ListsTheTableAgainWhereEventsWereLost) {
    const auto meter = must_open(on({"eth0", "eth1"}), host_);
    host_.table = {message_of(masqueraded())};
    must_checkpoint(*meter, sink_);
    host_.overrun = true;
    must_checkpoint(*meter, sink_);
    exchange();
    must_checkpoint(*meter, sink_);
    EXPECT_EQ(sums_of(sink_).at({}).packets, 2U);
}

TEST(NatTable, IsBoundedAndDropsWhatEnded) {
    NatTable table(1, 2);
    const auto connection = [](std::uint16_t port, std::uint32_t id) {
        Connection c = masqueraded(id);
        c.original.sport = port;
        c.reply.dport = port;
        return c;
    };
    for (std::uint16_t port = 1; port <= 3; ++port) table.add(connection(port, port));
    EXPECT_EQ(table.refused(), 1U);
    const Duration now = Duration::seconds(100);
    table.end(connection(1, 1), now);
    table.end(connection(2, 99), now);  // another connection, which had the port before
    table.sweep(now + NatTable::kept_after_end);
    table.add(connection(3, 3));
    EXPECT_EQ(table.refused(), 1U);
    table.add(connection(4, 4));
    EXPECT_EQ(table.refused(), 2U);
    // A listing without the second one.
    table.begin_listing();
    table.add(connection(3, 3));
    table.end_listing();
    table.add(connection(4, 4));
    EXPECT_EQ(table.refused(), 2U);
    table.begin_listing();
    table.end_listing();
    EXPECT_TRUE(table.empty());
}

}  // namespace
}  // namespace octroi::capture
