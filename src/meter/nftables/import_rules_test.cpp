// SPDX-License-Identifier: GPL-3.0-or-later
#include "meter/nftables/import_rules.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "meter/nftables/ruleset.hpp"

namespace octroi::accounting {
namespace {

using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::IsEmpty;

using Texts = std::vector<std::string>;

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
        "iptables -A FORWARD ! -s 10.0.0.0/8\n"
        "iptables -A FORWARD -m state --state NEW\n"
        "iptables -A acct -s 10.0.0.0/8\n"
        "iptables -A FORWARD -s\n"
        "iptables -A FORWARD -j LOG\n"
        "iptables -P FORWARD ACCEPT\n");
    EXPECT_THAT(made.rules, IsEmpty());
    EXPECT_THAT(made.left_out, ElementsAre(HasSubstr("!"), HasSubstr("state"), HasSubstr("acct"),
                                           HasSubstr("missing"), HasSubstr("LOG")));
}

}  // namespace
}  // namespace octroi::accounting
