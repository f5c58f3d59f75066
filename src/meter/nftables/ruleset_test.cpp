// SPDX-License-Identifier: GPL-3.0-or-later
// From rules to the commands of nft(8).
#include "meter/nftables/ruleset.hpp"

#include <fmt/format.h>
#include <fmt/ranges.h>
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <algorithm>

#include "meter/nftables/table_marks.hpp"

namespace octroi::accounting {
namespace {

using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::IsEmpty;
using ::testing::UnorderedElementsAre;

const ServiceNames& sample_services() {
    static const ServiceNames names(
        "# comment\nftp-data 20/tcp\nftp 21/tcp\nsmtp 25/tcp mail\nwww 80/tcp http # web\n"
        "domain 53/tcp\ndomain 53/udp\nbroken\n");
    return names;
}

Ruleset compiled(const std::vector<RuleConfig>& rules, const TableOptions& options = {}) {
    auto set = compile(rules, sample_services(), options);
    EXPECT_TRUE(set.has_value()) << set.error().text;
    return set ? *std::move(set) : Ruleset{};
}

std::string refusal(const RuleConfig& rule) {
    const auto set = compile(std::vector{rule}, sample_services(), {});
    return set ? "accepted" : set.error().text;
}

std::string elements_of(const CounterMap& map) {
    std::string text;
    for (const MapElement& element : map.elements)
        text +=
            fmt::format("{}{} : \"{}\"", text.empty() ? "" : ", ", element.key, element.counter);
    return text;
}

// Every "rule of a chain", with the content of the map instead of its name.
std::vector<std::string> rules_of(const Ruleset& set, std::string_view chain) {
    std::vector<std::string> texts;
    for (const CounterChain& one : set.chains)
        if (one.name == chain) texts = one.rules;
    for (std::string& text : texts)
        for (const CounterMap& map : set.maps)
            if (const std::size_t at = text.find("@" + map.name); at != std::string::npos)
                text.replace(at, map.name.size() + 1, fmt::format("{{{}}}", elements_of(map)));
    return texts;
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

TEST(ApplyCommands, KeepCountersAndMapsThatStay) {
    const RuleConfig stays{.name = "a", .address = {"10.1.0.0/16", "10.9.0.0/16"}};
    const Ruleset before = compiled({stays, {.name = "b", .uid = {"1", "3"}}});
    ASSERT_EQ(before.maps.size(), 3U);
    TableContent now{.exists = true,
                     .is_whole = true,
                     .born = "born-1",
                     .chains = {"input.10", "output.10", "forward.10", before.mark, "born-1"},
                     .maps = {},
                     .counters = before.counters};
    for (const CounterMap& map : before.maps) now.maps.push_back(map.name);
    now.counters.emplace_back("out-old");
    const Ruleset after = compiled({stays, {.name = "c", .uid = {"2", "4"}}});
    const std::string text = apply_commands("octroi_t", now, after);
    EXPECT_THAT(text, HasSubstr("add counter inet octroi_t out-c\n"));
    EXPECT_THAT(text, HasSubstr(fmt::format("delete chain inet octroi_t {}\n", before.mark)));
    // What rules referred to until now may have counted since the last reading.
    EXPECT_EQ(text.find("out-b"), std::string::npos);
    EXPECT_EQ(text.find("delete counter"), std::string::npos);
    EXPECT_EQ(text.find("delete chain inet octroi_t born"), std::string::npos);
    EXPECT_EQ(text.find("add counter inet octroi_t out-a"), std::string::npos);
    EXPECT_EQ(text.find("add element inet octroi_t " + before.maps[0].name), std::string::npos);
    EXPECT_EQ(text.find("delete chain inet octroi_t output.10"), std::string::npos);
    EXPECT_EQ(text.find("delete map"), std::string::npos);
    const std::string cleanup = cleanup_commands("octroi_t", now, after);
    EXPECT_EQ(std::ranges::count(cleanup, '\n'), 1);
    EXPECT_THAT(cleanup, HasSubstr("delete map inet octroi_t m"));
    EXPECT_EQ(cleanup_commands("octroi_t", now, before), "");
}

TEST(ApplyCommands, RepairATable) {
    const Ruleset set = compiled({{.name = "a", .uid = {"7-700", "900-1900"}}});
    ASSERT_EQ(set.maps.size(), 1U);
    TableContent now{.exists = true,
                     .is_whole = false,
                     .born = "born-1",
                     .chains = {"output.10", set.mark, "born-1"},
                     .maps = {set.maps[0].name},
                     .counters = set.counters};
    EXPECT_THAT(prepare_commands("octroi_t", now, set), HasSubstr("add element inet octroi_t m"));
    EXPECT_EQ(prepare_commands("octroi_t", now, set).find("add counter"), std::string::npos);
    now.is_whole = true;
    EXPECT_EQ(prepare_commands("octroi_t", now, set), "");
    now.is_foreign = true;
    const std::string text = make_commands("octroi_t", now, set);
    EXPECT_THAT(text, HasSubstr("delete table inet octroi_t \n"));
    EXPECT_THAT(text, HasSubstr("add counter inet octroi_t out-a\n"));
    EXPECT_EQ(text.find("delete chain"), std::string::npos) << "they went with the table";
    EXPECT_EQ(mark_commands("octroi_t", "born-2", set),
              "create chain inet octroi_t born-2\nadd chain inet octroi_t " + set.mark + "\n");
}

TEST(TableMarks, AreRead) {
    const Mark mark{0xABCDEF, 12, 200'000};
    EXPECT_EQ(parse_mark(mark_chain(mark)), mark);
    for (const char* other : {"mark-", "mark-12", "mark-12-3", "mark-12-3-", "mark-12-3-4-5",
                              "mark-xy-3-4", "group-mark-12-3-4"})
        EXPECT_FALSE(parse_mark(other).has_value()) << other;
    EXPECT_NE(born_chain("boot/1/2"), born_chain("boot/1/3"));
}

TEST(ApplyCommands, MakeATable) {
    const Ruleset set = compiled({{.name = "a", .uid = {"7"}}}, {.priority = -10});
    std::string text = apply_commands("octroi_t", {}, set);
    EXPECT_TRUE(set.maps.empty());
    text.replace(text.find(set.mark), set.mark.size(), "MARK");
    EXPECT_EQ(text,
              "add table inet octroi_t \n"
              "add counter inet octroi_t out-a\n"
              "add chain inet octroi_t output.-10 { type filter hook output priority -10; policy "
              "accept; }\n"
              "flush chain inet octroi_t output.-10\n"
              "add rule inet octroi_t output.-10 meta skuid 7 counter name \"out-a\"\n"
              "add chain inet octroi_t MARK\n");
}

}  // namespace
}  // namespace octroi::accounting
