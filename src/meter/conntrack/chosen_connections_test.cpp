// SPDX-License-Identifier: GPL-3.0-or-later
// Which connections leave readings: zones, marks, protocols without ports.

#include <array>

#include "meter/conntrack/testing/tracking_test.hpp"

namespace octroi::conntrack {
namespace {

using testing::poll;
using Texts = std::vector<std::string>;

class ChosenConnections : public testing::TrackingTest {
protected:
    void choose(const Texts& zones, const Texts& marks) {
        auto made = ConnectionFilter::make(zones, marks);
        ASSERT_TRUE(made.has_value()) << made.error().text;
        options_.filter = *std::move(made);
    }
};

TEST_F(ChosenConnections, OfTheZonesCountAndOthersAreNoLoss) {
    choose({"7"}, {});
    start();
    kernel_.begin(1, 1).zone = 7;
    kernel_.begin(2, 2).zone = 8;
    kernel_.begin(3, 3).original_zone = 7;
    for (std::uint8_t host = 1; host <= 3; ++host) kernel_.carry(host, 10, 100);
    poll_table();
    for (std::uint8_t host = 1; host <= 3; ++host) {
        kernel_.carry(host, 1, 1);
        kernel_.end(host);
    }
    poll_table();
    commit();
    EXPECT_EQ(of(1), (Count{11, 101}));
    EXPECT_EQ(of(2), Count{});
    EXPECT_EQ(of(3), (Count{11, 101}));
    EXPECT_EQ(counter("conntrack_other_bytes_total"), 112U);
    // An end that is not seen: all traffic belongs to connections that the meter knows.
    kernel_.begin(2, 4).zone = 8;
    kernel_.begin(5, 5);
    poll_table();
    kernel_.carry(2, 50, 50);
    kernel_.end(5, false);
    poll_table();
    EXPECT_EQ(counter("conntrack_unseen_ends_total"), 1U);
    commit();
    EXPECT_TRUE(ledger_.losses.empty());
}

TEST_F(ChosenConnections, AreOneForEachZoneOfADirection) {
    start();
    for (const int zones : {0, 1, 2, 3}) {
        Entry& entry = kernel_.begin(1, 5);
        if (zones == 1) entry.zone = 7;
        if (zones == 2) entry.original_zone = 7;
        if (zones == 3) entry.reply_zone = 7;
        entry.original = {100, 1};
    }
    poll_table();
    EXPECT_EQ(of(1).bytes, 400U);
    EXPECT_EQ(counter("conntrack_connections"), 4U);
    poll_table();
    EXPECT_EQ(of(1).bytes, 400U);
}

// A rule may set another mark while the connection lives.
TEST_F(ChosenConnections, CountWhileTheirMarkMatches) {
    choose({}, {"0x10/0xf0"});
    start();
    kernel_.begin(1).mark = 0x20;
    kernel_.carry(1, 1000, 1000);
    poll_table();
    kernel_.of(1).mark = 0x11;
    kernel_.carry(1, 10, 100);
    poll_table();
    kernel_.of(1).mark = 0;
    kernel_.carry(1, 2000, 2000);
    poll_table();
    kernel_.of(1).mark = 0x1f;
    kernel_.carry(1, 1, 2);
    kernel_.end(1);
    poll_table();
    commit();
    EXPECT_EQ(of(1), (Count{11, 102}));
    EXPECT_EQ(counter("conntrack_other_bytes_total"), 6000U);
    EXPECT_TRUE(ledger_.losses.empty());
}

TEST_F(ChosenConnections, OfOtherZonesThatAreOlderThanTheMeterAreNoLoss) {
    choose({"7"}, {});
    kernel_.begin(1).zone = 8;
    kernel_.carry(1, 1000, 1000);
    kernel_.pass(poll);
    auto opened = ConnectionMeter::open(
        options_, std::make_unique<testing::FakeConnectionHost>(kernel_), ledger_.cursors);
    ASSERT_TRUE(opened.has_value()) << opened.error().text;
    meter_ = std::move(*opened);
    kernel_.end(1);
    poll_table();
    commit();
    EXPECT_TRUE(ledger_.losses.empty());
}

// In the place of ports the kernel states keys.
TEST_F(ChosenConnections, OfGreAreOneForEachKeyAndHaveNoPorts) {
    start();
    for (const std::uint16_t key : std::array<std::uint16_t, 3>{0, 0x1f40, 0x1f41}) {
        Entry& entry = kernel_.begin(1, 5);
        Connection& c = entry.connection;
        c.original.proto = c.reply.proto = 47;
        c.original.sport = c.reply.dport = 0;
        c.original.dport = c.reply.sport = key;
        entry.original = {100, 1};
    }
    poll_table();
    ASSERT_EQ(ledger_.waiting.size(), 3U);
    for (const Reading& reading : ledger_.waiting) {
        EXPECT_EQ(reading.proto, 47);
        EXPECT_EQ(reading.sport, 0);
        EXPECT_EQ(reading.dport, 0) << "a key is no port";
    }
}

}  // namespace
}  // namespace octroi::conntrack
