// SPDX-License-Identifier: GPL-3.0-or-later
#include "record/identity.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "record/identity_kinds.hpp"
#include "record/name.hpp"

namespace octroi {
namespace {

Identity parsed(const char* text) {
    const auto identity = parse_identity(text);
    EXPECT_TRUE(identity.has_value()) << text << ": " << (identity ? "" : identity.error().text);
    return identity ? *identity : Identity{};
}

TEST(Identity, ParsesTheFormsThatUsersWrite) {
    EXPECT_EQ(parsed("10.1.2.3"), (Identity{IdentityKind::prefix, "10.1.2.3/32"}));
    EXPECT_EQ(parsed(" 10.0.0.0/8 "), (Identity{IdentityKind::prefix, "10.0.0.0/8"}));
    EXPECT_EQ(parsed("prefix 2001:DB8::/32"), (Identity{IdentityKind::prefix, "2001:db8::/32"}));
    EXPECT_EQ(parsed("ip:10.1.2.3"), (Identity{IdentityKind::prefix, "10.1.2.3/32"}));
    EXPECT_EQ(parsed("2001:db8::1"), (Identity{IdentityKind::prefix, "2001:db8::1/128"}));
    EXPECT_EQ(parsed("mac 0:30:ca:b8:d9:bc"), (Identity{IdentityKind::mac, "00:30:ca:b8:d9:bc"}));
    EXPECT_EQ(parsed("mac:0030.cab8.d9bc"), (Identity{IdentityKind::mac, "00:30:ca:b8:d9:bc"}));
    EXPECT_EQ(parsed("00-30-CA-B8-D9-BC"), (Identity{IdentityKind::mac, "00:30:ca:b8:d9:bc"}));
    EXPECT_EQ(parsed("vlan 012"), (Identity{IdentityKind::vlan, "12"}));
    EXPECT_EQ(parsed("vlan:4094"), (Identity{IdentityKind::vlan, "4094"}));
    EXPECT_EQ(parsed("interface eth0.12"), (Identity{IdentityKind::interface, "eth0.12"}));
    EXPECT_EQ(parsed("interface 2001:DB8::1#42"),
              (Identity{IdentityKind::interface, "2001:db8::1#42"}));
    EXPECT_EQ(parsed("if:192.168.100.200#4294967295"),
              (Identity{IdentityKind::interface, "192.168.100.200#4294967295"}));
    EXPECT_EQ(parsed("as 64500"), (Identity{IdentityKind::as, "64500"}));
    EXPECT_EQ(parsed("as:AS4200000001"), (Identity{IdentityKind::as, "4200000001"}));
    EXPECT_EQ(parsed("next-hop 192.0.2.9"), (Identity{IdentityKind::next_hop, "192.0.2.9"}));
    EXPECT_EQ(parsed("next-hop 2001:DB8::9"), (Identity{IdentityKind::next_hop, "2001:db8::9"}));
    EXPECT_EQ(parsed("if:ppp0"), (Identity{IdentityKind::interface, "ppp0"}));
}

TEST(Identity, TheTextOfAPartyCanBeParsedAgain) {
    for (const char* text :
         {"10.1.2.3", "10.1.0.0/16", "2001:db8::1", "2001:db8::/32", "mac 00:30:ca:b8:d9:bc",
          "vlan 12", "interface eth0", "interface 192.0.2.1#3", "as 64500", "next-hop 192.0.2.9"}) {
        EXPECT_EQ(identity_text(parsed(text)), text);
        EXPECT_TRUE(is_canonical(parsed(text)));
    }
    EXPECT_FALSE(is_canonical({IdentityKind::prefix, "10.1.2.3"}));
    EXPECT_FALSE(is_canonical({IdentityKind::vlan, "012"}));
    EXPECT_FALSE(is_canonical({IdentityKind::as, "AS64500"}));
    EXPECT_FALSE(is_canonical({IdentityKind::next_hop, "2001:DB8::9"}));
    EXPECT_FALSE(is_canonical({static_cast<IdentityKind>(77), "x"}));
}

TEST(Identity, EveryKindParsesAndPrintsItsExample) {
    for (const IdentityKindInfo& info : identity_kinds()) {
        const Identity identity = parsed(std::string(info.example).c_str());
        EXPECT_EQ(identity.kind, info.kind);
        EXPECT_TRUE(is_canonical(identity));
        EXPECT_EQ(find_identity_kind(info.kind), &info);
        EXPECT_EQ(find_identity_kind(info.keyword), &info);
        for (const std::string_view alias : info.aliases) {
            if (!alias.empty()) {
                EXPECT_EQ(find_identity_kind(alias), &info);
            }
        }
        EXPECT_EQ(parsed(identity_text(identity).c_str()), identity) << info.example;
        EXPECT_FALSE(parse_identity(std::string(info.keyword) + " ").has_value());
        EXPECT_FALSE(parse_identity(std::string(info.keyword) + " \x01").has_value());
    }
    EXPECT_EQ(find_identity_kind(""), nullptr);
    EXPECT_EQ(find_identity_kind(static_cast<IdentityKind>(77)), nullptr);
}

TEST(Identity, TheLongestTextsFitIntoALedger) {
    const std::string label(63, 'a');
    const std::string domain = label + "." + label + "." + label + "." + std::string(61, 'b');
    for (const std::string& text : {"user " + std::string(255, 'u'), "domain " + domain,
                                    "cgroup /" + std::string(254, 'c')}) {
        const auto identity = parse_identity(text);
        ASSERT_TRUE(identity.has_value()) << text;
        EXPECT_LE(identity_text(*identity).size(), identity_text_octets_max);
        EXPECT_FALSE(parse_identity(text + "x").has_value());
    }
    for (const IdentityKindInfo& info : identity_kinds())
        EXPECT_LE(info.keyword.size() + 1 + 255, identity_text_octets_max);
}

TEST(Identity, NamesAreText) {
    EXPECT_TRUE(parse_identity("user \xC3\xA4").has_value());
    EXPECT_TRUE(parse_identity("domain \xC3\xA4.example.org").has_value());
    for (const char* wrong :
         {"user \xC3", "user \x80", "user \xC0\xAF", "user \xE0\x9F\xBF", "user \xED\xA0\x80",
          "user \xF4\x90\x80\x80", "user \xF0\x8F\xBF\xBF", "user \xF5\x80\x80\x80",
          "user \xE2\x82", "domain \xFF.org", "cgroup /\xC3\x28"})
        EXPECT_FALSE(parse_identity(wrong).has_value()) << wrong;
    for (const char* good : {"user \xEF\xBF\xBD", "user \xF4\x8F\xBF\xBF", "user \xED\x9F\xBF"})
        EXPECT_TRUE(parse_identity(good).has_value()) << good;
}

TEST(Names, AreUsableIfALedgerCanStoreThem) {
    EXPECT_TRUE(is_usable({NameKind::user, "alice"}));
    EXPECT_FALSE(is_usable({NameKind::user, "al ice"}));
    EXPECT_FALSE(is_usable({NameKind::prefix, "10.0.0.1"})) << "not canonical";
    EXPECT_FALSE(is_usable({NameKind::interface, "\xff\xfe"}));
    EXPECT_TRUE(is_usable({NameKind::interface, "l\xc3\xa4n"}));
    EXPECT_FALSE(is_usable({NameKind::interface, "interface 0"}));
    EXPECT_TRUE(is_usable({NameKind::service, "video on demand"}));
    EXPECT_TRUE(is_usable({NameKind::far_class, std::string(255, 'x')}));
    EXPECT_FALSE(is_usable({NameKind::far_class, std::string(256, 'x')}));
    EXPECT_FALSE(is_usable({NameKind::far_class, "@excluded"}));
    EXPECT_FALSE(is_usable({NameKind::service, ""}));
    EXPECT_FALSE(is_usable({NameKind::service, "a\tb"}));
    EXPECT_FALSE(is_usable({static_cast<NameKind>(60), "x"}));
}

TEST(Identity, NamesThatServersAndKernelsUse) {
    EXPECT_EQ(parsed("domain WWW.Example.Org."),
              (Identity{IdentityKind::domain, "www.example.org"}));
    EXPECT_EQ(parsed("user Alice@Example.org"),
              (Identity{IdentityKind::user, "Alice@Example.org"}));
    EXPECT_EQ(parsed("uid 0033"), (Identity{IdentityKind::uid, "33"}));
    for (const char* wrong :
         {"domain a..b", "domain -a.org", "domain .", "user a b", "uid -1", "uid 4294967295",
          "cgroup web.service", "cgroup /a/", "peer xTIBA5rboUvnH4htodjb6e697QjLERt1NAB4mZqp8Dh=",
          "peer xTIBA5rboUvnH4htodjb6e697QjLERt1NAB4mZqp8D=", "rule a b", "rule "})
        EXPECT_FALSE(parse_identity(wrong).has_value()) << wrong;
}

TEST(Identity, ErrorsNameTheMistake) {
    const auto error = [](const char* text) {
        const auto identity = parse_identity(text);
        return identity ? std::string("accepted") : identity.error().text;
    };
    EXPECT_THAT(error("10.1.2.3/8"), testing::HasSubstr("did you mean 10.0.0.0/8"));
    EXPECT_THAT(error("eth0"), testing::HasSubstr("'interface eth0'"));
    EXPECT_THAT(error("vlan 4095"), testing::HasSubstr("1 to 4094"));
    EXPECT_THAT(error("vlan 0"), testing::HasSubstr("1 to 4094"));
    EXPECT_THAT(error("mac ff:ff:ff:ff:ff:ff"), testing::HasSubstr("single station"));
    EXPECT_THAT(error("mac 0:0:0:0:0:0"), testing::HasSubstr("single station"));
    EXPECT_THAT(error("interface a/b"), testing::HasSubstr("no '/'"));
    EXPECT_THAT(error("interface 0123456789abcdef"), testing::HasSubstr("1 to 15"));
    EXPECT_THAT(error("interface 192.0.2.1#0"), testing::HasSubstr("ifIndex"));
    EXPECT_THAT(error("interface 192.0.2.1#ge-0/0/1"), testing::HasSubstr("ifIndex"));
    EXPECT_THAT(error("as 0"), testing::HasSubstr("cannot be bound"));
    EXPECT_THAT(error("as 23456"), testing::HasSubstr("cannot be bound"));
    EXPECT_THAT(error("as 4294967296"), testing::HasSubstr("0 to 4294967295"));
    EXPECT_THAT(error("next-hop 0.0.0.0"), testing::HasSubstr("no next hop"));
    EXPECT_THAT(error("next-hop ::"), testing::HasSubstr("no next hop"));
    EXPECT_THAT(error("next-hop 192.0.2.0/24"), testing::HasSubstr("192.0.2.0/24"));
    EXPECT_THAT(error(""), testing::HasSubstr("not an identity"));
}

}  // namespace
}  // namespace octroi
