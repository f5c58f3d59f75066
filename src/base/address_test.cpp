// SPDX-License-Identifier: GPL-3.0-or-later
#include "base/address.hpp"

#include <gtest/gtest.h>

#include <array>

namespace octroi {
namespace {

TEST(Address, KeepsItsFamilyAndPrintsCanonically) {
    EXPECT_EQ(to_string(*parse_address("192.0.2.1")), "192.0.2.1");
    EXPECT_EQ(to_string(*parse_address("2001:DB8:0:0:0:0:0:1")), "2001:db8::1");
    EXPECT_EQ(parse_address("::ffff:192.0.2.1")->family, Family::v6);
    EXPECT_NE(*parse_address("::ffff:192.0.2.1"), *parse_address("192.0.2.1"));
    EXPECT_EQ(to_string(Address{}), "");
    EXPECT_FALSE(parse_address(std::string_view("192.0.2.1\0.9", 12)).has_value());
    EXPECT_EQ(Address::v4(0xC0000201U), *parse_address("192.0.2.1"));
    EXPECT_EQ(parse_address("192.0.2.1")->v4_value(), 0xC0000201U);
}

TEST(Address, RefusesOtherTexts) {
    for (const char* text :
         {"", "192.0.2", "192.0.2.256", "fe80::1%eth0", "1.2.3.4/8", ":::", "host"})
        EXPECT_FALSE(parse_address(text).has_value()) << text;
}

TEST(Prefix, ClearsTheBitsAfterItsLength) {
    const Prefix p = Prefix::of(*parse_address("10.255.255.255"), 9);
    EXPECT_EQ(to_string(p), "10.128.0.0/9");
    EXPECT_TRUE(p.contains(*parse_address("10.200.0.1")));
    EXPECT_FALSE(p.contains(*parse_address("10.127.0.1")));
    EXPECT_FALSE(p.contains(*parse_address("::")));
    EXPECT_TRUE(Prefix::of(*parse_address("::1"), 0).contains(*parse_address("ff::")));
    const std::array networks{p, *parse_prefix("2001:db8::/32")};
    EXPECT_TRUE(any_contains(networks, p));
    EXPECT_TRUE(any_contains(networks, *parse_prefix("2001:db8:1::/48")));
    EXPECT_FALSE(any_contains(networks, *parse_prefix("2001:db8::/31")));
    EXPECT_FALSE(any_contains(networks, *parse_prefix("::/128")));
    EXPECT_EQ(to_string(*parse_prefix("192.0.2.7")), "192.0.2.7/32");
}

TEST(Prefix, RefusesHostBits) {
    const auto refused = parse_prefix("10.0.0.1/8");
    ASSERT_FALSE(refused.has_value());
    EXPECT_NE(refused.error().text.find("10.0.0.0/8"), std::string::npos);
    EXPECT_EQ(to_string(*parse_prefix("10.0.0.1/8", true)), "10.0.0.0/8");
    for (const char* text :
         {"10.0.0.0/33", "::/129", "10.0.0.0/", "10.0.0.0/-1", "10.0.0.0/8x", "/8"})
        EXPECT_FALSE(parse_prefix(text).has_value()) << text;
}

TEST(Mac, ReadsTheUsualForms) {
    const char* canonical = "00:30:ca:b8:d9:bc";
    for (const char* text :
         {canonical, "0:30:ca:b8:d9:bc", "00-30-CA-B8-D9-BC", "0030.cab8.d9bc"}) {
        const auto mac = parse_mac(text);
        ASSERT_TRUE(mac.has_value()) << text;
        EXPECT_EQ(to_string(*mac), canonical);
    }
    for (const char* text : {"", "00:30:ca:b8:d9", "00:30:ca:b8:d9:bc:1", "000:30:ca:b8:d9:bc",
                             "0030.cab8", "g0:30:ca:b8:d9:bc", "00:30:ca:b8:d9:"})
        EXPECT_FALSE(parse_mac(text).has_value()) << text;
}

}  // namespace
}  // namespace octroi
