// SPDX-License-Identifier: GPL-3.0-or-later
#include "meter/nftables/import_nft.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "meter/nftables/import_rules.hpp"
#include "meter/nftables/ruleset.hpp"

namespace octroi::accounting {
namespace {

using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::IsEmpty;

using Texts = std::vector<std::string>;

constexpr std::string_view listed = R"(table inet filter {
	set servers {
		type ipv4_addr
		flags interval
		elements = { 10.0.0.1, 10.0.0.8/29,
			     10.1.0.0/16 }
	}

	set pairs {
		type ipv4_addr . inet_service
		elements = { 10.0.0.1 . 80 }
	}

	counter web {
		packets 5 bytes 600
	}

	chain forward {
		type filter hook forward priority filter; policy accept;
		ip saddr @servers tcp dport { 80, 443 } counter name "web"
		iifname "eth0" ip6 daddr 2001:db8::/32 counter packets 3 bytes 180 comment "a # b"
		ip saddr != 10.0.0.0/8 counter packets 0 bytes 0
		ip saddr . tcp dport @pairs counter packets 0 bytes 0
		meta l4proto udp th sport 53 counter packets 1 bytes 1 accept
		oifname "eth1" counter packets 1 bytes 1
		tcp dport 22 accept
		ip frag-off & 0x1fff != 0 counter packets 0 bytes 0 drop
		ct state established counter packets 0 bytes 0 accept
		icmp type echo-request counter packets 0 bytes 0 accept
	}

	chain output {
		type filter hook output priority filter; policy accept;
		meta skuid 1000 counter packets 3 bytes 4
		log prefix "accept " counter packets 3 bytes 4
		tcp dport 80 jump user
	}

	chain user {
		ip daddr 10.0.0.1-10.0.0.9 counter packets 1 bytes 2
	}

	chain nat {
		type nat hook postrouting priority srcnat; policy accept;
		oifname "eth1" counter packets 1 bytes 1 masquerade
	}
}
table inet octroi_rules {
	chain forward.10 {
		type filter hook forward priority filter + 10; policy accept;
		ip saddr 10.0.0.0/8 counter name "out-a"
	}
}
table ip old {
	chain in {
		type filter hook input priority filter; policy accept;
		iifname "eth0" counter packets 1 bytes 1
	}
}
)";

TEST(ImportNft, ReadsAListing) {
    EXPECT_TRUE(is_nft(listed));
    const auto made = import_rules(listed, {}, {});
    ASSERT_EQ(made.rules.size(), 10U);
    const RuleConfig& web = made.rules[0];
    EXPECT_EQ(web.name, "forward-1");
    EXPECT_EQ(web.identity, "rule web");
    EXPECT_EQ(web.from, (Texts{"10.0.0.1", "10.0.0.8/29", "10.1.0.0/16"}));
    EXPECT_EQ(web.to_port, (Texts{"80", "443"}));
    EXPECT_EQ(web.protocol, Texts{"tcp"});
    EXPECT_EQ(web.hook, "forward");
    EXPECT_EQ(web.group, "");
    EXPECT_EQ(made.rules[1].in_interface, "eth0");
    EXPECT_EQ(made.rules[1].to, Texts{"2001:db8::/32"});
    EXPECT_EQ(made.rules[2].from, (Texts{"0.0.0.0-9.255.255.255", "11.0.0.0-255.255.255.255"}));
    // Those that end the chain, also the one without a counter.
    EXPECT_EQ(made.rules[3].from_port, Texts{"53"});
    EXPECT_EQ(made.rules[3].from, Texts{}) << "both IP versions";
    EXPECT_EQ(made.rules[4].to_port, Texts{"22"});
    EXPECT_TRUE(made.rules[5].fragments);
    for (const std::size_t i : {3U, 4U, 5U}) EXPECT_EQ(made.rules[i].group, "forward") << i;
    EXPECT_EQ(made.rules[6].uid, Texts{"1000"});
    EXPECT_EQ(made.rules[7].name, "output-2") << "the prefix of a log is no verdict";
    EXPECT_EQ(made.rules[7].group, "");
    EXPECT_EQ(made.rules[8].to, Texts{"10.0.0.1-10.0.0.9"});
    EXPECT_EQ(made.rules[8].identity, "rule user");
    EXPECT_EQ(made.rules[9].from, Texts{"0/0"}) << "the table is of family ip";
    EXPECT_THAT(made.left_out, ElementsAre(HasSubstr("chain nat"), HasSubstr("line 23: . is not"),
                                           HasSubstr("line 25: line 24 ends the chain"),
                                           HasSubstr("line 28: ct is not supported"),
                                           HasSubstr("line 29: line 28 decides")));
    EXPECT_TRUE(compile(made.rules, {}, {}).has_value());
}

TEST(ImportNft, ReadsCommands) {
    const auto made = import_rules(
        "nft add table ip t\nnft add chain ip t c { type filter hook input priority 0; }\n"
        "nft add rule ip t c tcp dport 80 counter accept\n"
        "nft insert rule ip t c ip saddr 10.0.0.1 counter return\n"
        "nft delete rule ip t c handle 5\n",
        {}, {});
    ASSERT_EQ(made.rules.size(), 2U);
    EXPECT_EQ(made.rules[0].from, Texts{"10.0.0.1"});
    EXPECT_EQ(made.rules[1].to_port, Texts{"80"});
    EXPECT_EQ(made.rules[1].group, made.rules[0].group);
    EXPECT_THAT(made.left_out, ElementsAre(HasSubstr("line 5: it removes")));
}

TEST(ImportNft, SaysWhatItLeavesOut) {
    for (const auto& [rule, why] : std::vector<std::pair<std::string, std::string>>{
             {"counter ip saddr 10.0.0.1 accept", "after its counter"},
             {"ip saddr 10.0.0.1", "no counter"},
             {"ip saddr @nothing counter", "set @nothing"},
             {"tcp flags syn counter", "tcp is not supported"},
             {"iifname != \"lo\" counter", "negation"},
             {"iifname { a, b } counter", "list of interfaces"},
             {"ip saddr 10.0.0.1 ip6 daddr ::1 counter", "two IP versions"},
             {"counter name ip saddr map { 10.0.0.1 : \"x\" }", "map of counters"},
             {"tcp dport vmap { 80 : accept }", "vmap"},
             {"meta mark 1 counter", "meta is not supported"},
             {"limit rate 1/second counter", "limit is not supported"}}) {
        const auto made = import_rules(
            "table inet t {\nchain c {\ntype filter hook input priority "
            "0;\n" +
                rule + "\n}\n}\n",
            {}, {});
        EXPECT_THAT(made.rules, IsEmpty()) << rule;
        EXPECT_THAT(made.left_out, ElementsAre(HasSubstr(why))) << rule;
    }
}

}  // namespace
}  // namespace octroi::accounting
