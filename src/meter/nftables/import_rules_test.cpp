// SPDX-License-Identifier: GPL-3.0-or-later
#include "meter/nftables/import_rules.hpp"

#include <fmt/format.h>
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "meter/nftables/ruleset.hpp"

namespace octroi::accounting {
namespace {

using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::IsEmpty;
using ::testing::UnorderedElementsAre;

using Texts = std::vector<std::string>;

const ServiceNames services("ftp 21/tcp\nftp-data 20/tcp\nsmtp 25/tcp\nwww 80/tcp\n");

ImportedRules import_rules(std::string_view text) {
    return accounting::import_rules(text, services, {});
}

// N23: one rule in the three languages.
TEST(ImportRules, GivesTheSameOfAllThree) {
    const auto fw = import_rules("ipfwadm -A out -a -P tcp -S 172.16.3.0/24 -D 0/0 80 -W ppp0\n");
    const auto chains =
        import_rules("ipchains -A output -i ppp0 -p tcp -s 172.16.3.0/24 -d 0/0 80");
    const auto tables = import_rules(
        "*filter\n:OUTPUT ACCEPT [0:0]\n[5:600] -A OUTPUT -s 172.16.3.0/255.255.255.0 -o ppp0 -p "
        "tcp -m tcp --dport 80\nCOMMIT\n");
    for (const auto& made : {fw, chains, tables}) {
        EXPECT_THAT(made.left_out, IsEmpty());
        ASSERT_EQ(made.rules.size(), 1U);
        const RuleConfig& rule = made.rules[0];
        EXPECT_EQ(rule.from, Texts{"172.16.3.0/24"});
        EXPECT_EQ(rule.to, Texts{});
        EXPECT_EQ(rule.to_port, Texts{"80"});
        EXPECT_EQ(rule.protocol, Texts{"tcp"});
        EXPECT_EQ(rule.out_interface, "ppp0");
        EXPECT_EQ(rule.direction, RuleDirection::out);
        EXPECT_TRUE(compile(made.rules, {}, {}).has_value());
    }
}

TEST(ImportRules, ReadsBothDirectionsOfIpfwadm) {
    const auto made =
        import_rules("/sbin/ipfwadm -A both -a -W ppp0 -S 172.16.3.0/24 -b\n# comment\n");
    ASSERT_EQ(made.rules.size(), 4U);
    EXPECT_EQ(made.rules[0].name, "both-1-in");
    EXPECT_EQ(made.rules[0].in_interface, "ppp0");
    EXPECT_EQ(made.rules[1].name, "both-1-in-reverse");
    EXPECT_EQ(made.rules[1].to, Texts{"172.16.3.0/24"});
    EXPECT_EQ(made.rules[3].out_interface, "ppp0");
    EXPECT_TRUE(compile(made.rules, {}, {}).has_value());
}

// P1: rules that end the chain are exclusive.
TEST(ImportRules, MakesGroupsOfRulesWithTargets) {
    const auto made = import_rules(
        "iptables -A OUTPUT -m owner --uid-owner 1000 -j ACCEPT\n"
        "iptables -A OUTPUT -m owner --uid-owner 1001 -j ACCEPT\n"
        "iptables -A OUTPUT -d 10.0.0.0/8\n");
    ASSERT_EQ(made.rules.size(), 2U);
    EXPECT_EQ(made.rules[0].group, "OUTPUT");
    EXPECT_EQ(made.rules[1].uid, Texts{"1001"});
    EXPECT_THAT(made.left_out, ElementsAre(HasSubstr("line 3")));
    EXPECT_TRUE(compile(made.rules, {}, {}).has_value());
}

TEST(ImportRules, SaysWhatItLeavesOut) {
    const auto made = import_rules(
        "iptables -A FORWARD ! -p tcp\n"
        "iptables -A FORWARD -m state --state NEW\n"
        "iptables -A acct -s 10.0.0.0/8\n"
        "iptables -A FORWARD -s\n"
        "iptables -A FORWARD -j QUEUE\n"
        "iptables -P FORWARD ACCEPT\n");
    EXPECT_THAT(made.rules, IsEmpty());
    EXPECT_THAT(made.left_out,
                UnorderedElementsAre(HasSubstr("!"), HasSubstr("state"), HasSubstr("acct"),
                                     HasSubstr("missing"), HasSubstr("QUEUE")));
}

// N7, N10 as the HOWTO has them: services, and user chains that are exclusive.
TEST(ImportRules, ReadsUserChains) {
    for (const auto& [program, chain] :
         {std::pair("iptables -A ", "FORWARD"), {"ipchains -A ", "forward"}}) {
        const bool is_new = std::string_view(program).starts_with("iptables");
        const std::string match =
            std::string(is_new ? " -o ppp0 -m tcp -p tcp --dport " : " -i ppp0 -p tcp -d 0/0 ");
        std::string text;
        text += program + std::string("a-essent -j ACCEPT\n");
        text += program + std::string("a-noness -j ACCEPT\n");
        for (const char* port : {"ftp-data:ftp", "smtp", "www"})
            text += program + std::string(chain) + match + port + " -j a-essent\n";
        text += program + std::string(chain) + " -j a-noness\n";
        const auto made = import_rules(text);
        EXPECT_THAT(made.left_out, IsEmpty());
        ASSERT_EQ(made.rules.size(), 4U);
        for (std::size_t i = 0; i < 3; ++i) {
            EXPECT_EQ(made.rules[i].name, "a-essent-" + std::to_string(i + 1));
            EXPECT_EQ(made.rules[i].identity, "rule a-essent");
            EXPECT_EQ(made.rules[i].group, chain);
            EXPECT_EQ(made.rules[i].out_interface, "ppp0");
        }
        EXPECT_EQ(made.rules[0].to_port, Texts{"ftp-data:ftp"});
        EXPECT_EQ(made.rules[3].identity, "rule a-noness");
        EXPECT_EQ(made.rules[3].out_interface, "");
        EXPECT_TRUE(compile(made.rules, services, {}).has_value());
    }
}

TEST(ImportRules, JoinsTheMatchesOfAUserChain) {
    const auto made = import_rules(
        "iptables -A FORWARD -i ppp0 -p tcp -j acct\niptables -A acct -d 10.1.0.0/16\n"
        "iptables -A acct -p udp\niptables -A acct -j nowhere\niptables -A lonely -d 10.0.0.1\n");
    ASSERT_EQ(made.rules.size(), 1U);
    EXPECT_EQ(made.rules[0].to, Texts{"10.1.0.0/16"});
    EXPECT_EQ(made.rules[0].protocol, Texts{"tcp"});
    EXPECT_EQ(made.rules[0].in_interface, "ppp0");
    EXPECT_EQ(made.rules[0].group, "");
    EXPECT_THAT(made.left_out,
                ElementsAre(HasSubstr("line 1: with line 3"), HasSubstr("line 1: with line 4"),
                            HasSubstr("the chain lonely")));
}

// N12, N13: fragments by their old number; types as ports.
TEST(ImportRules, ReadsFragmentsAndTypes) {
    const auto made = import_rules(
        "ipfwadm -A in -a -W ppp0 -P tcp -S 0/0 0xFFFF\n"
        "ipfwadm -A in -a -S 0/0 0xff -P icmp\n"
        "ipfwadm -A in -a -S 0/0 8 -P icmp\n"
        "ipchains -A forward -p icmp -s 0/0 -f\n"
        "iptables -A FORWARD -m icmp -p icmp --sports echo-request\n");
    EXPECT_THAT(made.left_out, IsEmpty());
    // ipfwadm counts what enters, also to be forwarded: without an interface at two hooks.
    ASSERT_EQ(made.rules.size(), 7U);
    EXPECT_EQ(made.rules[0].hook, "all");
    EXPECT_EQ(made.rules[1].hook, "input");
    EXPECT_EQ(made.rules[2].hook, "forward");
    EXPECT_EQ(made.rules[1].identity, "rule in-2");
    EXPECT_EQ(made.rules[2].identity, made.rules[1].identity);
    for (const std::size_t i : {0U, 1U, 2U, 5U}) {
        EXPECT_TRUE(made.rules[i].fragments) << i;
        EXPECT_EQ(made.rules[i].from_port, Texts{}) << i;
    }
    EXPECT_EQ(made.rules[3].icmp_type, Texts{"8"});
    EXPECT_EQ(made.rules[6].icmp_type, Texts{"echo-request"});
    EXPECT_TRUE(compile(made.rules, {}, {}).has_value());
}

// -I puts a rule in front; the first that matches counts.
TEST(ImportRules, PutsInsertedRulesWhereTheKernelDoes) {
    const auto made = import_rules(
        "iptables -A INPUT -p tcp --dport 80 -j ACCEPT\n"
        "iptables -I INPUT -s 10.0.0.1 -j ACCEPT\n"
        "iptables -I INPUT 2 -s 10.0.0.2 -j RETURN\n"
        "ipfwadm -A in -a -S 10.0.0.3 -W eth0\nipfwadm -A in -i -S 10.0.0.4 -W eth0\n");
    EXPECT_THAT(made.left_out, IsEmpty());
    ASSERT_EQ(made.rules.size(), 5U);
    EXPECT_EQ(made.rules[0].from, Texts{"10.0.0.1"});
    EXPECT_EQ(made.rules[1].from, Texts{"10.0.0.2"});
    EXPECT_EQ(made.rules[1].group, "INPUT");
    EXPECT_EQ(made.rules[2].to_port, Texts{"80"});
    EXPECT_EQ(made.rules[3].from, Texts{"10.0.0.4"});
}

// A rule without addresses counts the packets of its program only.
TEST(ImportRules, KeepsTheIpVersion) {
    const auto made = import_rules(
        "iptables -A OUTPUT -o eth0\nip6tables -A OUTPUT -o eth0\n"
        "ip6tables -A OUTPUT -d 2001:db8::/32\nip6tables -A OUTPUT -p ipv6-icmp --icmpv6-type "
        "echo-request\n");
    EXPECT_THAT(made.left_out, IsEmpty());
    ASSERT_EQ(made.rules.size(), 4U);
    EXPECT_EQ(made.rules[0].from, Texts{"0/0"});
    EXPECT_EQ(made.rules[1].from, Texts{"::/0"});
    EXPECT_EQ(made.rules[2].to, Texts{"2001:db8::/32"});
    EXPECT_EQ(made.rules[2].from, Texts{});
    EXPECT_TRUE(compile(made.rules, services, {}).has_value());
    const auto save = import_rules(
        "# Generated by ip6tables-save v1.8.9\n*filter\n:INPUT ACCEPT [0:0]\n-A INPUT -i eth0 "
        "-j ACCEPT\nCOMMIT\n# Generated by iptables-save v1.8.9\n*filter\n-A INPUT -i eth1 -j "
        "ACCEPT\nCOMMIT\n");
    ASSERT_EQ(save.rules.size(), 2U);
    EXPECT_EQ(save.rules[0].from, Texts{"::/0"});
    EXPECT_EQ(save.rules[1].from, Texts{"0/0"});
    EXPECT_NE(save.rules[0].group, save.rules[1].group);
}

TEST(ImportRules, SaysNegationsAsTheOtherValues) {
    const auto made = import_rules(
        "iptables -A FORWARD ! -s 10.0.0.0/8\niptables -A FORWARD -d ! 10.0.0.0/8\n"
        "iptables -A FORWARD -p tcp -m multiport ! --dports 80,443\n"
        "ipchains -A forward -p udp -d 0/0 ! 53\nip6tables -A FORWARD ! -s 8000::/1\n"
        "iptables -A FORWARD ! -i eth0\niptables -A FORWARD ! -s 0/0\n");
    ASSERT_EQ(made.rules.size(), 5U);
    EXPECT_EQ(made.rules[0].from, (Texts{"0.0.0.0-9.255.255.255", "11.0.0.0-255.255.255.255"}));
    EXPECT_EQ(made.rules[1].to, made.rules[0].from);
    EXPECT_EQ(made.rules[2].to_port, (Texts{"0:79", "81:442", "444:65535"}));
    EXPECT_EQ(made.rules[3].to_port, (Texts{"0:52", "54:65535"}));
    EXPECT_EQ(made.rules[4].from, Texts{"::-7fff:ffff:ffff:ffff:ffff:ffff:ffff:ffff"});
    EXPECT_THAT(made.left_out, ElementsAre(HasSubstr("line 6"), HasSubstr("line 7")));
    EXPECT_TRUE(compile(made.rules, services, {}).has_value());
}

TEST(ImportRules, ReadsMultiportRangesOwnersAndStations) {
    const auto made = import_rules(
        "iptables -A OUTPUT -p tcp -m multiport --dports 20:21,80,https\n"
        "iptables -A OUTPUT -p tcp -m multiport --dports 20:21,80\n"
        "iptables -A FORWARD -m iprange --src-range 10.0.0.1-10.0.0.9\n"
        "iptables -A OUTPUT -m owner --uid-owner 1000-1999\n"
        "iptables -A FORWARD -m mac --mac-source 00:30:11:22:33:44\n"
        "iptables -A FORWARD -i eth+\n-A FORWARD -t mangle -i eth0\n"
        "iptables -D FORWARD -i eth0\n");
    ASSERT_EQ(made.rules.size(), 4U);
    EXPECT_EQ(made.rules[0].to_port, (Texts{"20:21", "80"}));
    EXPECT_EQ(made.rules[1].uid, Texts{"1000-1999"});
    EXPECT_EQ(made.rules[2].from, Texts{"10.0.0.1-10.0.0.9"});
    EXPECT_EQ(made.rules[3].mac, Texts{"00:30:11:22:33:44"});
    EXPECT_THAT(made.left_out,
                UnorderedElementsAre(HasSubstr("line 1: "), HasSubstr("line 6: "),
                                     HasSubstr("table mangle"), HasSubstr("line 8: it removes")));
    EXPECT_TRUE(compile(made.rules, services, {}).has_value());
}

// The rules after one that takes packets would count too much without it.
TEST(ImportRules, LeavesOutWhatWouldBeWidened) {
    const auto made = import_rules(
        "iptables -A INPUT -s 10.0.0.1\n"
        "iptables -A INPUT -m state --state ESTABLISHED -j ACCEPT\n"
        "iptables -A INPUT -p tcp --dport 80 -j ACCEPT\niptables -A OUTPUT -d 10.0.0.1\n");
    ASSERT_EQ(made.rules.size(), 2U);
    EXPECT_EQ(made.rules[0].from, Texts{"10.0.0.1"});
    EXPECT_EQ(made.rules[1].to, Texts{"10.0.0.1"});
    EXPECT_THAT(made.left_out,
                ElementsAre(HasSubstr("line 2: the match state"), HasSubstr("line 3: line 2")));
}

// A second import is apart from the first.
TEST(ImportRules, TakesNamesAndGroupsThatAreFree) {
    const std::vector<RuleConfig> present{
        {.name = "INPUT-1"}, {.name = "INPUT-3-in"}, {.name = "x", .group = "INPUT"}};
    const auto made = accounting::import_rules(
        "iptables -A INPUT -s 10.0.0.1 -j ACCEPT\niptables -A INPUT -s 10.0.0.2 -j ACCEPT\n",
        services, present);
    ASSERT_EQ(made.rules.size(), 2U);
    EXPECT_EQ(made.rules[0].name, "INPUT-2");
    EXPECT_EQ(made.rules[1].name, "INPUT-4");
    EXPECT_EQ(made.rules[0].group, "INPUT-2");
    EXPECT_EQ(made.rules[1].group, "INPUT-2");
}

// RETURN in a user chain ends that chain only.
TEST(ImportRules, ReturnsFromUserChains) {
    const auto made = import_rules(
        "iptables -N acct\niptables -N empty\niptables -A FORWARD -i eth0 -j acct\n"
        "iptables -A FORWARD -s 10.9.0.0/16 -j empty\n"
        "iptables -A acct -s 10.1.0.0/16 -j RETURN\niptables -A acct -s 10.2.0.0/16 -j RETURN\n"
        "iptables -A acct -s 10.3.0.0/16\niptables -A acct -j RETURN\n"
        "iptables -A FORWARD -p tcp -j DROP\niptables -A FORWARD -p udp -j ACCEPT\n");
    ASSERT_EQ(made.rules.size(), 6U);
    EXPECT_EQ(made.rules[0].group, "FORWARD.acct");
    EXPECT_EQ(made.rules[0].identity, "rule acct");
    EXPECT_EQ(made.rules[1].group, "FORWARD.acct");
    EXPECT_EQ(made.rules[2].group, "FORWARD.acct");
    EXPECT_EQ(made.rules[2].from, Texts{"0/0"});
    EXPECT_EQ(made.rules[3].identity, "rule empty");
    EXPECT_EQ(made.rules[3].group, "");
    EXPECT_EQ(made.rules[4].group, "FORWARD");
    EXPECT_EQ(made.rules[5].group, "FORWARD");
    EXPECT_THAT(made.left_out, ElementsAre(HasSubstr("line 3: with line 7, line 6 ends")));
    EXPECT_TRUE(compile(made.rules, services, {}).has_value());
}

TEST(ImportRules, FollowsChainsThatCallChains) {
    const auto made = import_rules(
        "iptables -A FORWARD -i eth0 -j a\niptables -A a -p tcp -j b\n"
        "iptables -A b -d 10.0.0.1\niptables -A FORWARD -o eth1 -j loop\n"
        "iptables -A loop -j loop\niptables -A FORWARD -d 10.0.0.2\n");
    ASSERT_EQ(made.rules.size(), 1U);
    EXPECT_EQ(made.rules[0].in_interface, "eth0");
    EXPECT_EQ(made.rules[0].protocol, Texts{"tcp"});
    EXPECT_EQ(made.rules[0].to, Texts{"10.0.0.1"});
    EXPECT_EQ(made.rules[0].identity, "rule b");
    EXPECT_THAT(made.left_out,
                ElementsAre(HasSubstr("too many chains"), HasSubstr("line 6: line 5 decides")));
}

// iptables-save prints all tables.
TEST(ImportRules, ReadsTheFilterTableOnly) {
    const auto made = import_rules(
        "*nat\n:OUTPUT ACCEPT [0:0]\n-A OUTPUT -d 10.0.0.1/32 -j ACCEPT\nCOMMIT\n"
        "*filter\n[1:2] -A OUTPUT -d 10.0.0.2/32\nCOMMIT\n");
    ASSERT_EQ(made.rules.size(), 1U);
    EXPECT_EQ(made.rules[0].to, Texts{"10.0.0.2/32"});
    EXPECT_THAT(made.left_out, ElementsAre(HasSubstr("table nat")));
}

// iptables accepts such a mask; no prefix has the same addresses.
TEST(ImportRules, AMaskWithGapsIsLeftOut) {
    const auto made = import_rules(
        "iptables -A OUTPUT -s 10.0.5.0/255.0.255.0\niptables -A OUTPUT -s 10.0.5.0/0.0.0.255\n"
        "iptables -A OUTPUT -s 10.0.4.0/255.255.254.0\n");
    EXPECT_THAT(made.left_out, ElementsAre(HasSubstr("line 1: a mask with gaps"),
                                           HasSubstr("line 2: a mask with gaps")));
    ASSERT_EQ(made.rules.size(), 1U);
    EXPECT_EQ(made.rules[0].from, Texts{"10.0.4.0/23"});
}

// Eight chains with ten jumps each to the next one: 10^8 ways to the last line.
TEST(ImportRules, ManyWaysThroughChainsAreBounded) {
    std::string text = "*filter\n:OUTPUT ACCEPT [0:0]\n";
    for (int chain = 1; chain <= 8; ++chain) text += fmt::format(":c{} - [0:0]\n", chain);
    for (int chain = 0; chain < 8; ++chain)
        for (int jump = 0; jump < 10; ++jump)
            text += fmt::format("-A {} -j c{}\n", chain == 0 ? "OUTPUT" : fmt::format("c{}", chain),
                                chain + 1);
    text += "-A c8 -m unknown\n:late - [0:0]\n-A late -p tcp\nCOMMIT\n";
    const auto made = import_rules(text);
    EXPECT_TRUE(made.rules.empty());
    EXPECT_THAT(made.left_out, ElementsAre(HasSubstr("with line 91,"), HasSubstr("too many ways")));
}

}  // namespace
}  // namespace octroi::accounting
