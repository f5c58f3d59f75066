// SPDX-License-Identifier: GPL-3.0-or-later
// From rules to the commands of nft(8).
#include "meter/nftables/ruleset.hpp"

#include <fmt/format.h>
#include <fmt/ranges.h>
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <algorithm>

#include "meter/nftables/counter_name.hpp"
#include "meter/nftables/testing/compiled_rules.hpp"

namespace octroi::accounting {
namespace {

using testing::compiled;
using ::testing::ElementsAre;
using ::testing::HasSubstr;
using testing::rules_of;
using testing::sample_services;
using ::testing::UnorderedElementsAre;

std::string refusal(const RuleConfig& rule) {
    const auto set = compile(std::vector{rule}, sample_services(), {});
    return set ? "accepted" : set.error().text;
}

// N5: an account at an interface, both directions.
TEST(Ruleset, CountsAnAddressBothWays) {
    const Ruleset set =
        compiled({{.name = "physics", .address = {"172.16.3.0/24"}, .interface = "ppp0"}});
    EXPECT_THAT(set.counters, ElementsAre("in-physics", "out-physics"));
    EXPECT_THAT(rules_of(set, "forward.10"),
                ElementsAre("ip saddr 172.16.3.0/24 oifname \"ppp0\" counter name \"out-physics\"",
                            "ip daddr 172.16.3.0/24 iifname \"ppp0\" counter name \"in-physics\""));
    // The kernel knows no interface of arrival for what this machine sends.
    EXPECT_THAT(rules_of(set, "output.10").size(), 1U);
    EXPECT_THAT(rules_of(set, "input.10"),
                ElementsAre("iifname \"lo\" return",
                            "ip daddr 172.16.3.0/24 iifname \"ppp0\" counter name \"in-physics\""));
}

// N6
TEST(Ruleset, CountsBetweenTwoNetworks) {
    const Ruleset set = compiled({{.name = "ab", .between = {"10.1.0.0/16", "10.2.0.0/16"}}});
    EXPECT_THAT(rules_of(set, "forward.10"),
                ElementsAre("counter name ip saddr . ip daddr map {10.1.0.0/16 . 10.2.0.0/16 : "
                            "\"out-ab\", 10.2.0.0/16 . 10.1.0.0/16 : \"in-ab\"}"));
}

// N7, N8: the port of a service is that of the far end; numbers, ranges, lists, names, 0/0.
TEST(Ruleset, CountsServicesByAllFormsOfPorts) {
    const Ruleset set = compiled({{.name = "web",
                                   .address = {"0/0"},
                                   .interface = "ppp0",
                                   .protocol = {"tcp"},
                                   .port = {"20:21", "smtp", "www", "1000-2000"}}});
    const auto rules = rules_of(set, "forward.10");
    ASSERT_EQ(rules.size(), 2U);
    EXPECT_EQ(
        rules[0],
        "meta nfproto ipv4 oifname \"ppp0\" meta l4proto 6 counter name th dport map {20-21 : "
        "\"out-web\", 25 : \"out-web\", 80 : \"out-web\", 1000-2000 : \"out-web\"}");
    EXPECT_THAT(rules[1], HasSubstr("iifname \"ppp0\" meta l4proto 6 counter name th sport map"));
}

// N9
TEST(Ruleset, RefusesAPortWithoutItsProtocol) {
    EXPECT_THAT(refusal({.name = "web", .port = {"80"}}),
                HasSubstr("rule 'web': a port needs a protocol"));
    EXPECT_THAT(refusal({.name = "web", .protocol = {"icmp"}, .port = {"80"}}),
                HasSubstr("Next: add protocol"));
    EXPECT_EQ(refusal({.name = "web", .protocol = {"tcp", "udp"}, .port = {"80"}}), "accepted");
}

TEST(Ruleset, RefusesWhatCannotBeMeant) {
    const auto bad = [](auto change) {
        RuleConfig rule{.name = "r"};
        change(rule);
        return refusal(rule);
    };
    EXPECT_THAT(bad([](auto& r) { r.protocol = {"tcp"}, r.port = {"nosuch"}; }),
                HasSubstr("'nosuch' is not a port"));
    EXPECT_THAT(bad([](auto& r) { r.protocol = {"tcp"}, r.port = {"21:20"}; }),
                HasSubstr("not a range of ports"));
    EXPECT_THAT(bad([](auto& r) { r.address = {"10.0.0.1/8"}; }), HasSubstr("did you mean"));
    EXPECT_THAT(bad([](auto& r) { r.between = {"10.0.0.0/8"}; }), HasSubstr("two networks"));
    EXPECT_THAT(bad([](auto& r) { r.from = {"10.0.0.0/8"}; }), HasSubstr("one direction"));
    EXPECT_THAT(bad([](auto& r) { r.icmp_type = {"8"}; }), HasSubstr("icmp_type needs"));
    EXPECT_THAT(bad([](auto& r) { r.uid = {"1000"}, r.hook = "forward"; }),
                HasSubstr("no packet can match"));
    EXPECT_THAT(bad([](auto& r) { r.between = {"10.0.0.0/8", "fd00::/8"}; }),
                HasSubstr("no packet can match"));
    EXPECT_THAT(bad([](auto& r) { r.interface = "eth0\" drop"; }), HasSubstr("interface"));
    EXPECT_THAT(bad([](auto& r) { r.name = "a b"; }), HasSubstr("not the name of a rule"));
    EXPECT_THAT(bad([](auto& r) { r.per_address = true, r.address = {"::/0"}; }),
                HasSubstr("the rules have more than"));
    EXPECT_THAT(bad([](auto& r) { r.per_address = true, r.address = {"10.0.0.0/14"}; }),
                HasSubstr("the rules have more than"));
}

// libnftables accepts a concatenation of more than five fields but its elements are wrong.
TEST(Ruleset, LooksUpFiveFieldsAtMost) {
    RuleConfig rule{.name = "b",
                    .from = {"2001:db8::/32"},
                    .to = {"2001:db8:1::/48"},
                    .in_interface = "eth0",
                    .out_interface = "eth1",
                    .protocol = {"tcp"},
                    .from_port = {"1:9"},
                    .to_port = {"80", "443"},
                    .direction = RuleDirection::out};
    const Ruleset set = compiled({rule});
    ASSERT_EQ(set.maps.size(), 1U);
    EXPECT_EQ(set.maps[0].type, "inet_service . inet_service");
    EXPECT_THAT(rules_of(set, "forward.10").at(0),
                HasSubstr("iifname \"eth0\" oifname \"eth1\" ip6 saddr 2001:db8::/32 ip6 daddr "
                          "2001:db8:1::/48 meta l4proto 6 counter name th sport . th dport map {1 "
                          ". 80 : \"out-b\", 2 . 80"));
    rule.out_interface.clear();
    rule.in_interface.clear();
    rule.protocol = {"tcp", "udp"};
    rule.from = {"2001:db8::/32", "2001:dba::/32"};
    rule.to = {"2001:db8:1::/48", "2001:db8:3::/48"};
    rule.from_port = {"1:9", "20:29"};
    rule.hook = "output";
    rule.uid = {"1-5", "7-9"};
    EXPECT_THAT(refusal(rule), HasSubstr("rule 'b': more than 5 of its keys"));
}

// N10, N11: the first rule of a group that matches counts, and the rest has a rule of its own.
TEST(Ruleset, MakesGroupsExclusive) {
    const Ruleset set = compiled({{.name = "essent",
                                   .group = "g",
                                   .interface = "ppp0",
                                   .protocol = {"tcp"},
                                   .port = {"20:21", "25", "80"}},
                                  {.name = "noness",
                                   .group = "g",
                                   .interface = "ppp0",
                                   .protocol = {"tcp"},
                                   .port = {"1:100"}}});
    const auto rules = rules_of(set, "group-g-forward");
    // Overlapping ports need a second lookup, behind the first.
    ASSERT_EQ(rules.size(), 6U) << fmt::format("{}", fmt::join(rules, "\n"));
    EXPECT_THAT(rules[0], HasSubstr("out-essent"));
    EXPECT_THAT(rules[1], HasSubstr("in-essent"));
    EXPECT_THAT(rules[2], HasSubstr("out-noness"));
    for (std::size_t i = 0; i < 4; ++i) EXPECT_TRUE(rules[i].ends_with(" return")) << rules[i];
    EXPECT_EQ(rules[4], "oifname \"ppp0\" counter name \"out-g.rest\" return");
    EXPECT_EQ(rules[5], "iifname \"ppp0\" counter name \"in-g.rest\"");
    EXPECT_THAT(rules_of(set, "forward.10"), ElementsAre("jump group-g-forward"));
}

// The rest of rules about one direction of an interface is that of this direction.
TEST(Ruleset, CountsTheRestOfOneDirection) {
    const Ruleset set = compiled({{.name = "dns",
                                   .group = "g",
                                   .to = {"10.0.0.0/8"},
                                   .out_interface = "ppp0",
                                   .direction = RuleDirection::out}});
    EXPECT_EQ(rules_of(set, "group-g-output").back(),
              "oifname \"ppp0\" counter name \"out-g.rest\" return");
    EXPECT_THAT(set.counters, UnorderedElementsAre("out-dns", "out-g.rest"));
}

// A later rule must not go before one that decides the same packets.
TEST(Ruleset, KeepsTheOrderOfAGroup) {
    const std::vector<RuleConfig> rules{
        {.name = "a", .group = "g", .address = {"10.0.0.0/24"}},
        {.name = "b", .group = "g", .protocol = {"tcp"}},
        {.name = "c", .group = "g", .address = {"10.0.1.0/24"}},
        {.name = "d", .group = "g", .address = {"10.0.2.0/24"}},
    };
    const auto texts = rules_of(compiled(rules), "group-g-output");
    const auto place = [&](std::string_view counter) {
        return std::ranges::find_if(texts,
                                    [&](const std::string& text) {
                                        return text.find(counter) != std::string::npos;
                                    }) -
               texts.begin();
    };
    EXPECT_LT(place("\"out-a\""), place("\"out-b\""));
    EXPECT_LT(place("\"out-b\""), place("\"out-c\""));
    EXPECT_EQ(place("\"out-c\""), place("\"out-d\""));
}

// Between two accounts of a group the sender counts; other rules keep their place.
TEST(Ruleset, CountsTheSenderOfAPacketInAGroup) {
    const std::vector<RuleConfig> rules{
        {.name = "web", .group = "g", .address = {"10.0.0.1"}, .protocol = {"tcp"}, .port = {"80"}},
        {.name = "b", .group = "g", .address = {"10.0.0.2"}},
        {.name = "icmp", .group = "g", .protocol = {"icmp"}},
        {.name = "c", .group = "g", .address = {"10.0.0.3"}},
    };
    const auto texts = rules_of(compiled(rules), "group-g-forward");
    std::vector<std::string> counters;
    for (const std::string& text : texts)
        if (const std::size_t at = text.find('"'); at != std::string::npos)
            counters.push_back(text.substr(at + 1, text.find('"', at + 1) - at - 1));
    EXPECT_THAT(counters, ElementsAre("out-web", "out-b", "in-web", "in-b", "out-icmp", "out-c",
                                      "in-c", "out-g.rest"));
}

// The identity, the service and the class of a rule are in the names of its counters.
TEST(Ruleset, NamesCountersByRuleAndBooking) {
    const auto name = [](const RuleConfig& rule) { return compiled({rule}).counters.at(0); };
    RuleConfig rule{.name = "a", .address = {"10.0.0.1"}, .direction = RuleDirection::out};
    EXPECT_EQ(name(rule), "out-a");
    rule.identity = "user alice";
    const std::string alice = name(rule);
    EXPECT_TRUE(alice.starts_with("out-a/x")) << alice;
    rule.address = {"10.0.0.2"};
    EXPECT_EQ(name(rule), alice) << "the count goes on";
    rule.service = "web";
    EXPECT_NE(name(rule), alice);
    rule.service.clear();
    rule.identity = "user bob";
    EXPECT_NE(name(rule), alice);
    rule.per_address = true;
    const auto parsed = parse_counter(name(rule));
    ASSERT_TRUE(parsed.has_value());
    EXPECT_EQ(parsed->rule, "a");
    EXPECT_EQ(to_string(parsed->address), "10.0.0.2");
    EXPECT_EQ(parsed->booking, booking_number({"user bob", "", ""}));
    for (const char* other : {"out-", "a", "out-a/", "out-a/xyz", "out-a/x0123456", "out-a/1.2",
                              "out-a/x01234567/", "out-a/x00000000"})
        EXPECT_FALSE(parse_counter(other).has_value()) << other;
}

// The number of lookups does not follow the number of rules.
TEST(Ruleset, NeedsOneLookupForRulesOfOneForm) {
    std::vector<RuleConfig> rules;
    for (int i = 0; i < 3000; ++i)
        rules.push_back({.name = fmt::format("d{}", i),
                         .address = {fmt::format("10.{}.{}.0/24", i / 256, i % 256)}});
    const Ruleset set = compiled(rules);
    EXPECT_EQ(rules_of(set, "forward.10").size(), 2U);
    ASSERT_EQ(set.maps.size(), 2U);
    EXPECT_EQ(set.maps[0].elements.size(), 3000U);
    // Most of the Internet is not looked up in a large map.
    EXPECT_THAT(rules_of(set, "forward.10").at(0), HasSubstr("ip saddr 10.0.0.0/12 counter name"));
    for (RuleConfig& rule : rules) rule.group = "g";
    EXPECT_EQ(rules_of(compiled(rules), "group-g-forward").size(), 3U);
}

// A hash costs the same with one prefix and with 3000; a tree does not.
TEST(Ruleset, LooksUpPrefixesInAHash) {
    std::vector<RuleConfig> rules;
    for (int i = 0; i < 30; ++i)
        rules.push_back({.name = fmt::format("d{}", i),
                         .address = {fmt::format("10.0.{}.0/{}", 4 * i, i % 3 == 0 ? 23 : 24)},
                         .direction = RuleDirection::out});
    // Prefixes of 23 bits are two of 24 bits: one lookup.
    const Ruleset set = compiled(rules);
    ASSERT_EQ(set.maps.size(), 1U);
    EXPECT_FALSE(set.maps[0].intervals);
    EXPECT_EQ(set.maps[0].elements.size(), 40U);
    EXPECT_EQ(set.maps[0].elements[1].key, "10.0.1.0");
    EXPECT_EQ(set.maps[0].elements[1].octets, std::string("\x0a\0\1\0", 4));
    EXPECT_THAT(rules_of(set, "forward.10").at(0),
                HasSubstr("counter name ip saddr & 255.255.255.0 map"));
    // 12 bits more are too many elements, so that there are two lookups.
    rules.push_back({.name = "host", .address = {"192.0.2.1"}, .direction = RuleDirection::out});
    rules.push_back(
        {.name = "wide", .address = {"172.16.0.0/12"}, .direction = RuleDirection::out});
    const Ruleset two = compiled(rules);
    EXPECT_EQ(rules_of(two, "forward.10").size(), 3U);
    for (const CounterMap& map : two.maps) EXPECT_FALSE(map.intervals);
}

// nft reads a mask in the first field of a key only, and prints what it cannot read with two.
TEST(Ruleset, MasksTheFirstFieldOfAKey) {
    const Ruleset set = compiled({{.name = "a",
                                   .address = {"10.1.0.0/24", "10.3.0.0/24"},
                                   .out_interface = "eth0",
                                   .direction = RuleDirection::out},
                                  {.name = "b",
                                   .address = {"10.1.0.0/24"},
                                   .out_interface = "eth1",
                                   .direction = RuleDirection::out}});
    EXPECT_THAT(
        rules_of(set, "forward.10").at(0),
        HasSubstr("counter name ip saddr & 255.255.255.0 . oifname map {10.1.0.0 . \"eth0\""));
}

TEST(Ruleset, LooksUpManyLengthsAsIntervals) {
    std::vector<std::string> addresses;
    for (int length = 16; length <= 128; length += 16)
        addresses.push_back(fmt::format("2{}00::/{}", length / 16, length));
    const Ruleset set =
        compiled({{.name = "a", .address = addresses, .direction = RuleDirection::out}});
    ASSERT_EQ(set.maps.size(), 1U);
    EXPECT_TRUE(set.maps[0].intervals);
    EXPECT_EQ(set.maps[0].elements.size(), addresses.size());
    EXPECT_EQ(set.maps[0].elements[0].octets, "");
    EXPECT_THAT(set.plain_counters, ElementsAre("out-a"));
}

TEST(Ruleset, LooksUpAddressesOfAnySortInAHash) {
    // Ranges and neighbours become prefixes, and short ranges of ports their ports.
    const Ruleset set =
        compiled({{.name = "a",
                   .address = {"10.0.0.1-10.0.0.6", "2001:db8::/48", "2001:db9::/48"},
                   .protocol = {"tcp", "udp"},
                   .port = {"20:22", "80"},
                   .direction = RuleDirection::out}});
    ASSERT_EQ(set.maps.size(), 2U);
    for (const CounterMap& map : set.maps) EXPECT_FALSE(map.intervals);
    EXPECT_EQ(set.maps[0].elements.size(), 6U * 2 * 4);
    EXPECT_EQ(set.maps[0].elements.back().octets.size(), 12U);
    EXPECT_THAT(rules_of(set, "output.10").at(0),
                HasSubstr("counter name ip saddr . meta l4proto . th dport map"));
    EXPECT_THAT(rules_of(set, "output.10").at(1), HasSubstr("ip6 saddr & ffff:ffff:ffff:: ."));
    EXPECT_EQ(set.maps[1].elements.front().octets,
              std::string("\x20\x01\x0d\xb8\0\0\0\0\0\0\0\0\0\0\0\0\6\0\0\0\0\x14\0\0", 24));
}

// Each rule that matches counts: nested prefixes are in maps of their own.
TEST(Ruleset, CountsNestedPrefixesBoth) {
    const Ruleset set = compiled({{.name = "campus", .address = {"10.0.0.0/8"}},
                                  {.name = "physics", .address = {"10.1.0.0/16"}},
                                  {.name = "other", .address = {"10.2.0.0/16"}}});
    const auto rules = rules_of(set, "forward.10");
    ASSERT_EQ(rules.size(), 4U);
    EXPECT_THAT(rules[2], HasSubstr("10.1.0.0 : \"out-physics\", 10.2.0.0 : \"out-other\""));
}

TEST(Ruleset, CountsEachAddress) {
    const Ruleset set = compiled({{.name = "lab",
                                   .address = {"10.0.0.0/31", "2001:db8::/127"},
                                   .per_address = true,
                                   .direction = RuleDirection::out}});
    EXPECT_THAT(set.counters, UnorderedElementsAre("out-lab/10.0.0.0", "out-lab/10.0.0.1",
                                                   "out-lab/2001_db8__", "out-lab/2001_db8__1"));
    for (const CounterMap& map : set.maps) EXPECT_FALSE(map.intervals);
}

// N12, N13
TEST(Ruleset, CountsFragmentsAndIcmp) {
    const Ruleset set = compiled(
        {{.name = "frag", .interface = "ppp0", .fragments = true},
         {.name = "ping", .interface = "ppp0", .protocol = {"icmp"}, .icmp_type = {"echo-request"}},
         {.name = "ping6",
          .interface = "ppp0",
          .protocol = {"icmpv6"},
          .icmp_type = {"echo-reply"}}});
    EXPECT_THAT(rules_of(set, "output.10"),
                ElementsAre("ip frag-off & 0x1fff != 0 oifname \"ppp0\" counter name \"out-frag\"",
                            "frag frag-off != 0 oifname \"ppp0\" counter name \"out-frag\"",
                            "oifname \"ppp0\" icmp type 8 counter name \"out-ping\"",
                            "oifname \"ppp0\" icmpv6 type 129 counter name \"out-ping6\""));
}

// What a user or a station sends; the kernel does not tell who receives.
TEST(Ruleset, CountsUsersAndStationsOutOnly) {
    const Ruleset set = compiled({{.name = "alice", .uid = {"1000", "2000-2999"}},
                                  {.name = "pc", .mac = {"00:30:11:22:33:44"}}});
    EXPECT_THAT(set.counters, ElementsAre("out-alice", "out-pc"));
    EXPECT_THAT(rules_of(set, "output.10"),
                ElementsAre("counter name meta skuid map {1000 : \"out-alice\", 2000-2999 : "
                            "\"out-alice\"}"));
    EXPECT_THAT(rules_of(set, "forward.10"),
                ElementsAre("ether saddr 00:30:11:22:33:44 counter name \"out-pc\""));
}

}  // namespace
}  // namespace octroi::accounting
