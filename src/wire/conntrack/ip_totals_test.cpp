// SPDX-License-Identifier: GPL-3.0-or-later
#include "wire/conntrack/ip_totals.hpp"

#include <gtest/gtest.h>

#include <string>

#include "wire/conntrack/flowtable.hpp"
#include "wire/conntrack/testing/messages.hpp"

namespace octroi::conntrack {
namespace {

constexpr std::string_view snmp =
    "Ip: Forwarding InReceives ForwDatagrams OutRequests OutTransmits\n"
    "Ip: 1 1000 700 40 735\n"
    "Icmp: InMsgs InDestUnreachs OutDestUnreachs\n"
    "Icmp: 9 3 2\n"
    "IcmpMsg: InType3\nIcmpMsg: 3\n";
constexpr std::string_view netstat =
    "TcpExt: SyncookiesSent InOctets\nTcpExt: 5 6\n"
    "IpExt: InNoRoutes InOctets OutOctets\nIpExt: 0 90000 80000\n";
constexpr std::string_view snmp6 =
    "Ip6InReceives                   \t100\nIp6InOctets                     \t10000\n"
    "Ip6OutForwDatagrams \t20\nIp6OutRequests \t5\nIp6OutOctets \t3000\nIp6OutTransmits \t31\n"
    "Icmp6InNeighborSolicits\t4\nIcmp6OutMLDv2Reports\t1\n";

TEST(IpTotals, AreThoseOfBothFamilies) {
    const auto totals = decode_ip_totals(snmp, netstat, snmp6);
    ASSERT_TRUE(totals.has_value());
    EXPECT_EQ(totals->received, (Count{100'000, 1100}));
    EXPECT_EQ(totals->sent_bytes, 83'000U);
    EXPECT_EQ(totals->generated_packets, 40U + 11U) << "IPv6: sent and not forwarded";
    EXPECT_EQ(totals->uncounted_packets, 5U + 5U);
    EXPECT_EQ(decode_ip_totals(snmp, netstat, "")->received, (Count{90'000, 1000}));
}

// Before Linux 6.6.
TEST(IpTotals, OfOldKernelsCountForwardedPacketsAmongTheRequests) {
    const auto totals = decode_ip_totals(
        "Ip: InReceives ForwDatagrams OutRequests\nIp: 1000 700 740\n", netstat, "");
    ASSERT_TRUE(totals.has_value());
    EXPECT_EQ(totals->generated_packets, 40U);
}

TEST(IpTotals, AreNotKnownFromDamagedTexts) {
    EXPECT_FALSE(decode_ip_totals("", "", "").has_value());
    EXPECT_FALSE(decode_ip_totals(snmp, "", "").has_value());
    EXPECT_FALSE(decode_ip_totals(snmp, netstat, "Ip6InReceives 1\n").has_value());
    EXPECT_FALSE(
        decode_ip_totals("Ip: InReceives ForwDatagrams OutRequests\nIp: 1 2 -3\n", netstat, "")
            .has_value());
    for (std::size_t length = 0; length < snmp.size(); ++length)
        (void)decode_ip_totals(snmp.substr(0, length), netstat.substr(0, length), snmp6);
}

TEST(Flowtable, StatesWhetherItCountsAndOffloads) {
    using namespace testing;
    const std::string names = std::string(4, '\0') + attribute(1, std::string("filter\0", 7)) +
                              attribute(2, std::string("fast\0", 5));
    const auto plain = decode_flowtable(as_octets(names));
    ASSERT_TRUE(plain.has_value());
    EXPECT_EQ(plain->table, "filter");
    EXPECT_EQ(plain->name, "fast");
    EXPECT_FALSE(plain->counts || plain->offloads);
    const auto both = decode_flowtable(as_octets(names + attribute(7, big32(3))));
    ASSERT_TRUE(both.has_value());
    EXPECT_TRUE(both->counts && both->offloads);
    EXPECT_FALSE(decode_flowtable(as_octets(names + attribute(7, "x"))).has_value());
    EXPECT_FALSE(decode_flowtable({}).has_value());
    for (std::size_t length = 0; length < names.size(); ++length)
        (void)decode_flowtable(as_octets(std::string_view(names).substr(0, length)));
}

}  // namespace
}  // namespace octroi::conntrack
