// SPDX-License-Identifier: GPL-3.0-or-later
#include "wire/conntrack/listing.hpp"

#include <gtest/gtest.h>

#include <string>

namespace octroi::conntrack {
namespace {

ListedConnection decoded(std::string_view line) {
    ListedConnection connection;
    EXPECT_EQ(decode_line(line, connection), ListingLine::connection) << line;
    return connection;
}

constexpr std::string_view ended =
    "[1796017861.010685]\t[DESTROY] ipv4     2 icmp     1 29 src=10.78.1.2 dst=10.78.2.2 type=8 "
    "code=0 id=24791 packets=3 bytes=252 src=10.78.2.2 dst=10.78.2.1 type=0 code=0 id=24791 "
    "packets=1 bytes=84 delta-time=7 [start=Mon Nov 30 05:51:00 2026] [stop=Mon Nov 30 05:51:01 "
    "2026] id=2872409312 [USERSPACE] portid=24792";

TEST(ConntrackListing, ReadsAnEventOfTheEnd) {
    const ListedConnection c = decoded(ended);
    EXPECT_EQ(c.event, ListedEvent::ended);
    EXPECT_EQ(c.time, UtcTime{1'796'017'861'010'685'000});
    EXPECT_EQ(c.age_seconds, 7U);
    EXPECT_EQ(c.id, 2872409312U);
    const Tuple ping{Address::v4(0x0a4e0102U), Address::v4(0x0a4e0202U), 24791, 24791, 1, 8, 0};
    EXPECT_EQ(c.entry.connection.original, ping);
    EXPECT_EQ(c.entry.connection.reply.dst, Address::v4(0x0a4e0201U));
    EXPECT_TRUE(c.entry.has_counts);
    EXPECT_EQ(c.entry.original, (Count{252, 3}));
    EXPECT_EQ(c.entry.reply, (Count{84, 1}));
    EXPECT_TRUE(c.entry.connection.is_translated());
}

TEST(ConntrackListing, ReadsAListing) {
    const ListedConnection c = decoded(
        "tcp      6 119 TIME_WAIT src=fd78:1::2 dst=fd78:2::2 sport=58398 dport=5001 packets=5 "
        "bytes=384 src=fd78:2::2 dst=fd78:1::2 sport=5001 dport=58398 packets=6 bytes=468 "
        "[ASSURED] mark=3 zone=7 delta-time=0 use=1");
    EXPECT_EQ(c.event, ListedEvent::none);
    EXPECT_EQ(c.state, "TIME_WAIT");
    EXPECT_EQ(c.entry.timeout, 119U);
    EXPECT_TRUE(c.assured);
    EXPECT_EQ(c.entry.mark, 3U);
    EXPECT_EQ(c.entry.zone, 7U);
    EXPECT_FALSE(c.id.has_value());
    EXPECT_EQ(c.entry.connection.original.src, *parse_address("fd78:1::2"));
    EXPECT_EQ(c.entry.connection.original.dport, 5001);
    EXPECT_EQ(c.entry.reply, (Count{468, 6}));
    EXPECT_FALSE(c.entry.connection.is_translated());
}

TEST(ConntrackListing, ReadsFilesOfTheKernel) {
    const ListedConnection c = decoded(
        "ipv6     10 udp      17 29 src=fd78:0001:0000:0000:0000:0000:0000:0002 "
        "dst=fd78:0002:0000:0000:0000:0000:0000:0002 sport=1 dport=53 packets=1 bytes=104 "
        "[UNREPLIED] src=fd78:0002:0000:0000:0000:0000:0000:0002 "
        "dst=fd78:0001:0000:0000:0000:0000:0000:0002 sport=53 dport=1 packets=0 bytes=0 mark=0 "
        "zone=0 use=2");
    EXPECT_EQ(c.entry.connection.original.proto, 17);
    EXPECT_TRUE(c.unreplied);
    EXPECT_TRUE(c.entry.has_counts);
    // ip_conntrack of Linux 2.6, without counters.
    const ListedConnection old =
        decoded("unknown  50 599 src=10.0.0.1 dst=10.0.0.2 src=10.0.0.2 dst=10.0.0.1 use=1");
    EXPECT_EQ(old.entry.connection.original.proto, 50);
    EXPECT_FALSE(old.entry.has_counts);
}

// As conntrack-tools 1.4.7 and Linux 6.1 write them.
TEST(ConntrackListing, ReadsEachProtocolOfTheKernel) {
    const ListedConnection gre = decoded(
        "gre      47 29 timeout=30, stream_timeout=180 src=10.78.1.2 dst=10.78.2.2 srckey=0x0 "
        "dstkey=0x1f40 packets=1 bytes=60 [UNREPLIED] src=10.78.2.2 dst=10.78.2.1 srckey=0x1f40 "
        "dstkey=0x0 packets=0 bytes=0 mark=0 use=1");
    EXPECT_EQ(gre.entry.connection.original,
              (Tuple{Address::v4(0x0a4e0102U), Address::v4(0x0a4e0202U), 0, 0x1f40, 47}));
    EXPECT_EQ(gre.entry.connection.reply.sport, 0x1f40);
    EXPECT_EQ(gre.entry.original, (Count{60, 1}));
    const ListedConnection sctp = decoded(
        "sctp     132 431999 ESTABLISHED src=10.0.0.1 dst=10.0.0.2 sport=36412 dport=38412 "
        "packets=7 bytes=708 src=10.0.0.2 dst=10.0.0.1 sport=38412 dport=36412 packets=6 bytes=580 "
        "[ASSURED] mark=0 use=1");
    EXPECT_EQ(sctp.state, "ESTABLISHED");
    EXPECT_EQ(sctp.entry.connection.original.dport, 38412);
    const ListedConnection dccp = decoded(
        "ipv4     2 dccp     33 480 PARTOPEN src=10.0.0.1 dst=10.0.0.2 sport=5 dport=6 packets=2 "
        "bytes=96 src=10.0.0.2 dst=10.0.0.1 sport=6 dport=5 packets=1 bytes=64 mark=0 zone=0 "
        "use=2");
    EXPECT_EQ(dccp.state, "PARTOPEN");
    EXPECT_EQ(dccp.entry.reply, (Count{64, 1}));
    const ListedConnection udplite = decoded(
        "udplite  136 29 src=fd78::1 dst=fd78::2 sport=5 dport=6 packets=1 bytes=80 [UNREPLIED] "
        "src=fd78::2 dst=fd78::1 sport=6 dport=5 packets=0 bytes=0 mark=0 use=1");
    EXPECT_EQ(udplite.entry.connection.original.proto, 136);
    EXPECT_EQ(udplite.entry.connection.original.sport, 5);
    const ListedConnection ospf = decoded(
        "    [NEW] unknown  89 600 src=10.0.0.1 dst=224.0.0.5 [UNREPLIED] src=224.0.0.5 "
        "dst=10.0.0.1");
    EXPECT_EQ(ospf.entry.connection.original.proto, 89);
    EXPECT_EQ(ospf.event, ListedEvent::begun);
    const ListedConnection pingv6 = decoded(
        "icmpv6   58 29 src=fd78::1 dst=fd78::2 type=128 code=0 id=77 packets=2 bytes=208 "
        "src=fd78::2 dst=fd78::1 type=129 code=0 id=77 packets=2 bytes=208 mark=0 use=1");
    EXPECT_EQ(pingv6.entry.connection.original.sport, 77);
    EXPECT_EQ(pingv6.entry.connection.reply.icmp_type, 129);
}

// Two tunnels between the same hosts are two connections.
TEST(ConntrackListing, RefusesADamagedKey) {
    ListedConnection c;
    for (const char* const key : {"dstkey=5", "dstkey=0x", "dstkey=0x10000", "dstkey=0xg"})
        EXPECT_EQ(decode_line(std::string("gre 47 29 src=10.0.0.1 dst=10.0.0.2 srckey=0x0 ") + key +
                                  " src=10.0.0.2 dst=10.0.0.1 srckey=0x0 dstkey=0x0",
                              c),
                  ListingLine::malformed)
            << key;
}

TEST(ConntrackListing, SeesWhatAFlowtableForwards) {
    EXPECT_TRUE(decoded("tcp 6 src=10.0.0.1 dst=10.0.0.2 sport=1 dport=2 packets=1 bytes=40 "
                        "src=10.0.0.2 dst=10.0.0.1 sport=2 dport=1 packets=1 bytes=40 "
                        "[HW_OFFLOAD] mark=0 use=2")
                    .offloaded);
}

TEST(ConntrackListing, TellsOtherLinesFromDamagedOnes) {
    ListedConnection c;
    EXPECT_EQ(decode_line("", c), ListingLine::other);
    EXPECT_EQ(decode_line("conntrack v1.4.7 (conntrack-tools): 3 flow entries have been shown.", c),
              ListingLine::other);
    for (const char* const line :
         {"hello", "tcp 6", "[", "[NEW]", "[12]", "[1.5] [NOW] tcp 6 src=10.0.0.1",
          "tcp 6 sport=1 src=10.0.0.1 dst=10.0.0.2 src=10.0.0.2 dst=10.0.0.1",
          "tcp 6 src=10.0.0.1 dst=10.0.0.2 sport=70000 src=10.0.0.2 dst=10.0.0.1",
          "tcp 6 src=10.0.0.1 dst=10.0.0.2 packets=-1 src=10.0.0.2 dst=10.0.0.1",
          "tcp 6 src=10.0.0.1 dst=10.0.0.2 src=fd78::2 dst=10.0.0.1",
          "tcp 300 src=10.0.0.1 dst=10.0.0.2 src=10.0.0.2 dst=10.0.0.1",
          "tcp 6 src=10.0.0.1 dst=10.0.0.2"})
        EXPECT_EQ(decode_line(line, c), ListingLine::malformed) << line;
}

TEST(ConntrackListing, SurvivesAnyDamage) {
    ListedConnection c;
    for (std::size_t at = 0; at < ended.size(); ++at) {
        (void)decode_line(ended.substr(0, at), c);
        for (const char damage : {' ', '[', '=', '\0', '\xff', '9'}) {
            std::string changed(ended);
            changed[at] = damage;
            (void)decode_line(changed, c);
        }
    }
}

}  // namespace
}  // namespace octroi::conntrack
