// SPDX-License-Identifier: GPL-3.0-or-later
#include "meter/conntrack/traffic_totals.hpp"

#include <gtest/gtest.h>

namespace octroi::conntrack {
namespace {

Interface interface_with(const std::string& name, int index, Count received, Count sent) {
    Interface made;
    made.name = name;
    made.index = index;
    made.loopback = name == "lo";
    made.counters.rx_bytes = received.bytes;
    made.counters.rx_packets = received.packets;
    made.counters.tx_bytes = sent.bytes;
    made.counters.tx_packets = sent.packets;
    return made;
}

// A router: a million octets are forwarded, in 1000 packets.
const std::vector<Interface> idle{interface_with("lan", 2, {}, {}),
                                  interface_with("wan", 3, {}, {}),
                                  interface_with("lo", 1, {}, {})};
const std::vector<Interface> busy{interface_with("lan", 2, {1'014'000, 1000}, {}),
                                  interface_with("wan", 3, {}, {1'014'000, 1000}),
                                  interface_with("lo", 1, {}, {})};
constexpr IpTotals forwarded{{1'000'000, 1000}, 1'000'000, 0, 0};

TEST(TrafficTotals, CountAForwardedPacketOnce) {
    const TrafficTotals before(idle, IpTotals{}, false);
    EXPECT_EQ(before.unposted(TrafficTotals(busy, forwarded, false), {}), (Count{1'000'000, 1000}));
    EXPECT_EQ(before.unposted(TrafficTotals(busy, forwarded, false), {{999'000, 999}, {}}),
              (Count{1000, 1}));
    EXPECT_EQ(before.unposted(TrafficTotals(busy, forwarded, true), {}), (Count{1'014'000, 1000}))
        << "with a flowtable, what came in at interfaces";
    EXPECT_EQ(before.unposted(TrafficTotals(busy, std::nullopt, false), {}),
              (Count{2'028'000, 2000}));
}

TEST(TrafficTotals, BoundTheLengthOfGeneratedPackets) {
    const TrafficTotals before(idle, IpTotals{}, false);
    // 10 packets of this machine among the forwarded ones.
    IpTotals now = forwarded;
    now.sent_bytes += 5000;
    now.generated_packets = 10;
    const TrafficTotals after(busy, now, false);
    EXPECT_EQ(before.unposted(after, {{1'000'000, 1000}, {}})->bytes, 10 * 65'535U);
    EXPECT_EQ(before.unposted(after, {{1'005'000, 1010}, {5000, 10}}), Count{});
    // A server: nothing is forwarded.
    const IpTotals server{{3000, 10}, 5000, 10, 0};
    EXPECT_EQ(before.unposted(TrafficTotals(busy, server, false), {}), (Count{8000, 20}));
}

TEST(TrafficTotals, LeaveOutWhatIsNoConnection) {
    const TrafficTotals before(idle, IpTotals{}, false);
    // Neighbour discovery: one packet each way.
    const IpTotals discovery{{64, 1}, 72, 1, 2};
    EXPECT_EQ(before.unposted(TrafficTotals(idle, discovery, false), {}), Count{});
    // What passes loopback is generated, and received once more.
    std::vector<Interface> local = idle;
    local.back() = interface_with("lo", 1, {500, 5}, {500, 5});
    const IpTotals loopback{{500, 5}, 500, 5, 0};
    EXPECT_EQ(before.unposted(TrafficTotals(local, loopback, false), {}), (Count{500, 5}));
}

TEST(TrafficTotals, KnowNoBoundWhenACounterBeganAgain) {
    const TrafficTotals before(busy, forwarded, false);
    EXPECT_FALSE(before.unposted(TrafficTotals(busy, IpTotals{}, false), {}).has_value());
    EXPECT_FALSE(before.unposted(TrafficTotals(idle, forwarded, true), {}).has_value());
    EXPECT_FALSE(before.unposted(TrafficTotals({}, forwarded, true), {}).has_value());
    EXPECT_TRUE(before.unposted(TrafficTotals({}, forwarded, false), {}).has_value())
        << "an interface that is gone does not matter without a fast path";
}

TEST(TrafficTotals, AreTheSameAfterARestart) {
    const TrafficTotals later(busy, forwarded, true);
    for (const TrafficTotals& saved : {TrafficTotals(idle, IpTotals{{7, 1}, 2, 3, 4}, false),
                                       TrafficTotals(idle, std::nullopt, true)}) {
        ByteWriter out;
        saved.save(out);
        const std::string text = out.drain();
        ByteCursor in(as_octets(text));
        TrafficTotals restored;
        ASSERT_TRUE(restored.restore(in));
        EXPECT_EQ(in.left(), 0U);
        EXPECT_EQ(restored.unposted(later, {}), saved.unposted(later, {}));
        for (std::size_t length = 0; length < text.size(); ++length) {
            ByteCursor cut(as_octets(std::string_view(text).substr(0, length)));
            EXPECT_FALSE(restored.restore(cut)) << length;
        }
    }
}

}  // namespace
}  // namespace octroi::conntrack
