// SPDX-License-Identifier: GPL-3.0-or-later
#include "meter/flow_file/message_streams.hpp"

#include <gtest/gtest.h>

#include <string>
#include <vector>

#include "wire/packet/testing/frames.hpp"

namespace octroi::flow_file {
namespace {

using namespace packet::testing_frames;

std::string message(char content, std::uint16_t length = 100) {
    ByteWriter w;
    w.be16(10);
    w.be16(length);
    w.raw(std::string(length - 4U, content));
    return w.drain();
}

class Connection {
public:
    explicit Connection(std::uint16_t port = 50'000, std::uint32_t first = 0xffff'ff00)
        : port_(port), first_(first) {}

    void segment(MessageStreams& streams, std::size_t at, std::string_view octets) {
        ByteWriter header;
        header.be16(port_);
        header.be16(4739);
        header.be32(first_ + static_cast<std::uint32_t>(at));
        header.be32(0);
        header.be32(0x5018'0000);
        header.be32(0);
        const std::string frame =
            Frame().ipv4(v4_header()).protocol(6).raw(header.octets()).raw(octets).octets();
        packet::Packet packet;
        packet::Payload payload;
        EXPECT_TRUE(packet::find_payload(packet::LinkType::raw, as_octets(frame),
                                         static_cast<std::uint32_t>(frame.size()), packet,
                                         payload));
        streams.on_segment(packet, payload, visit());
    }
    MessageStreams::Visit visit() {
        return [this](const Address& from, std::uint16_t /*port*/, ByteSpan octets) {
            EXPECT_EQ(from, v4_a);
            if (octets.empty()) return;  // a connection begins
            seen += static_cast<char>(octets[4]);
        };
    }
    std::string seen;  // the content of each message

private:
    std::uint16_t port_;
    std::uint32_t first_;
};

TEST(MessageStreams, MessagesAreCutWhereTheyEnd) {
    MessageStreams streams;
    Connection c;
    const std::string all = message('a') + message('b', 400) + message('c') + message('d', 16);
    for (std::size_t at = 0; at < all.size(); at += 37)
        c.segment(streams, at, std::string_view(all).substr(at, 37));
    EXPECT_EQ(c.seen, "abcd");
    EXPECT_EQ(streams.gaps(), 0U);
}

TEST(MessageStreams, SegmentsOutOfOrderAndTwice) {
    MessageStreams streams;
    Connection c;
    const std::string all = message('a') + message('b') + message('c');
    c.segment(streams, 0, all.substr(0, 150));
    c.segment(streams, 200, all.substr(200));
    c.segment(streams, 0, all.substr(0, 150));
    c.segment(streams, 120, all.substr(120, 100));
    EXPECT_EQ(c.seen, "abc");
    c.segment(streams, 100, all.substr(100));
    EXPECT_EQ(c.seen, "abc");
}

TEST(MessageStreams, ContinuesBehindAGap) {
    MessageStreams streams;
    Connection c;
    c.segment(streams, 0, message('a').substr(0, 50));
    // The rest is missing, and more segments come after it than may wait.
    for (std::size_t i = 1; i <= MessageStreams::early_max + 1; ++i)
        c.segment(streams, 100 * i, message('b'));
    EXPECT_EQ(c.seen, std::string(MessageStreams::early_max + 1, 'b'));
    EXPECT_EQ(streams.gaps(), 1U);
    c.segment(streams, 9000, message('c'));
    streams.finish(c.visit());
    EXPECT_EQ(c.seen.back(), 'c');
}

TEST(MessageStreams, TheOneUsedLongestAgoGivesWay) {
    MessageStreams streams;
    const std::string half = message('a').substr(0, 50);
    const std::string rest = message('a').substr(50);
    std::vector<Connection> all;
    for (std::uint16_t i = 0; i <= MessageStreams::connections_max; ++i)
        all.emplace_back(static_cast<std::uint16_t>(50'000 + i)).segment(streams, 0, half);
    for (Connection& c : all) c.segment(streams, 50, rest);
    EXPECT_EQ(all[0].seen, "");
    EXPECT_EQ(all[1].seen, "a");
    EXPECT_EQ(all.back().seen, "a");
}

TEST(MessageStreams, OtherConnectionsAreIgnored) {
    MessageStreams streams;
    Connection web(50'001);
    web.segment(streams, 0, "GET / HTTP/1.1\r\n\r\n");
    web.segment(streams, 18, message('x'));
    EXPECT_EQ(web.seen, "x");  // from there on it is one
    Connection broken(50'002);
    broken.segment(streams, 0, message('a') + "and then something else" + message('b'));
    EXPECT_EQ(broken.seen, "a");
    std::vector<Connection> many;
    for (std::uint16_t i = 0; i < 1000; ++i) {
        many.emplace_back(static_cast<std::uint16_t>(1000 + i));
        many.back().segment(streams, 0, message('m'));
        EXPECT_EQ(many.back().seen, "m");
    }
}

}  // namespace
}  // namespace octroi::flow_file
