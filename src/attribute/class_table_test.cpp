// SPDX-License-Identifier: GPL-3.0-or-later
#include "attribute/class_table.hpp"

#include <fmt/format.h>
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <algorithm>
#include <map>
#include <random>
#include <set>

#include "attribute/origin_table.hpp"

namespace octroi {
namespace {

std::vector<ClassRule> rules(std::initializer_list<const char*> texts) {
    std::vector<ClassRule> list;
    for (const char* text : texts) {
        auto rule = parse_class_rule(text);
        EXPECT_TRUE(rule.has_value()) << (rule ? "" : rule.error().text);
        if (rule) list.push_back(*rule);
    }
    return list;
}

struct Line {
    const char* prefix;
    std::vector<std::uint32_t> origins;
    const char* word = "";
    bool from_list = false;
    std::uint32_t votes = 1;
};

ClassTable table_of(std::vector<ClassRule> class_rules, const std::vector<Line>& lines,
                    std::string bare = {}) {
    ClassTableBuilder builder(std::move(class_rules), "world", std::move(bare));
    std::uint32_t number = 0;
    for (const Line& line : lines) {
        ++number;
        EXPECT_TRUE(builder
                        .add(*parse_prefix(line.prefix), line.origins, line.word, line.votes,
                             {.line = line.from_list ? number : 0})
                        .has_value());
    }
    auto table = builder.finish();
    EXPECT_TRUE(table.has_value()) << (table ? "" : table.error().text);
    return table ? *table : ClassTable{};
}

std::string show(const ClassTable& table) {
    std::string text;
    for (const ClassRoute& route : table.routes) {
        text += to_string(route.prefix) + " " + table.classes.at(route.class_index) + "\n";
    }
    return text;
}

TEST(ClassTable, ClassesByWordAsRangeAndPrefix) {
    const ClassTable table =
        table_of(rules({"as 7575 = aarnet", "as 64512-65534=private",
                        "within 130.56.0.0/16 = mirror", "prefix 192.0.2.0/24 = test",
                        "own = domestic", "word free-list = free", "default = international"}),
                 {{"203.0.113.0/24", {7575}},
                  {"10.0.0.0/8", {64512}},
                  {"130.56.4.0/24", {1}},
                  {"130.0.0.0/8", {1}},
                  {"192.0.2.0/24", {7575}},
                  {"198.51.100.0/24", {}},
                  {"11.0.0.0/8", {}, "free-list", true},
                  {"12.0.0.0/8", {}, "other-list", true},
                  {"13.0.0.0/8", {3, 7575}}});
    EXPECT_EQ(show(table),
              "10.0.0.0/8 private\n11.0.0.0/8 free\n12.0.0.0/8 other-list\n13.0.0.0/8 aarnet\n"
              "130.0.0.0/8 international\n130.56.4.0/24 mirror\n192.0.2.0/24 test\n198.51.100.0/24 "
              "domestic\n"
              "203.0.113.0/24 aarnet\n");
    EXPECT_EQ(table.default_class, "international");
    EXPECT_EQ(table.version.size(), 64U);
}

TEST(ClassTable, NumbersAndBarePrefixesOfLists) {
    const std::vector<Line> list = {{"10.0.0.0/8", {5}, "", true}, {"11.0.0.0/8", {}, "", true}};
    EXPECT_EQ(show(table_of({}, list)), "10.0.0.0/8 5\n11.0.0.0/8 world\n");
    EXPECT_EQ(show(table_of({}, list, "free")), "10.0.0.0/8 5\n11.0.0.0/8 free\n");
    EXPECT_EQ(show(table_of(rules({"as 6 = six"}), list)), "10.0.0.0/8 world\n11.0.0.0/8 world\n");
    EXPECT_EQ(show(table_of(rules({"as 5 = five"}), list)), "10.0.0.0/8 five\n11.0.0.0/8 world\n");
}

TEST(ClassTable, TheMajorityDecidesWhateverTheOrder) {
    std::vector<Line> lines = {{"10.0.0.0/8", {1}},
                               {"10.0.0.0/8", {2}},
                               {"10.0.0.0/8", {3}},
                               {"11.0.0.0/8", {2}},
                               {"11.0.0.0/8", {1}},
                               {"12.0.0.0/8", {1}, "", false, 3},
                               {"12.0.0.0/8", {2}, "", false, 4}};
    // 1 and 3 have one class and outvote 2. With equal votes the name that sorts first wins.
    const auto class_rules = rules({"as 1 = beta", "as 3 = beta", "as 2 = alpha"});
    const ClassTable expected = table_of(class_rules, lines);
    EXPECT_EQ(show(expected), "10.0.0.0/8 beta\n11.0.0.0/8 alpha\n12.0.0.0/8 alpha\n");
    std::mt19937 random(1);
    for (int i = 0; i < 20; ++i) {
        std::shuffle(lines.begin(), lines.end(), random);
        const ClassTable table = table_of(class_rules, lines);
        ASSERT_EQ(show(table), show(expected));
        ASSERT_EQ(table.version, expected.version);
    }
}

TEST(ClassTable, TheVersionIsThatOfTheContent) {
    const auto class_rules = rules({"within 10.0.0.0/8 = a", "within 11.0.0.0/8 = b"});
    const ClassTable one = table_of(class_rules, {{"10.0.0.0/8", {1}}, {"11.0.0.0/8", {2}}});
    const ClassTable same =
        table_of({}, {{"11.0.0.0/8", {}, "b", true}, {"10.0.0.0/8", {}, "a", true}});
    // The version of a table of routes only must never change.
    EXPECT_EQ(one.version, "34922a81a72ea7d23609048d9169254f7e6e2a3fd461ed43a4789d67755d53c0");
    EXPECT_EQ(one.version, same.version);
    ClassTable renumbered = one;
    std::swap(renumbered.classes[0], renumbered.classes[1]);
    for (ClassRoute& route : renumbered.routes) route.class_index ^= 1U;
    renumbered.classes.emplace_back("unused");
    EXPECT_EQ(class_table_version(renumbered), one.version);
    const ClassTable other =
        table_of({}, {{"11.0.0.0/8", {}, "a", true}, {"10.0.0.0/8", {}, "b", true}});
    EXPECT_NE(other.version, one.version);
    ClassTable other_default = one;
    other_default.default_class = "elsewhere";
    EXPECT_NE(class_table_version(other_default), one.version);
    ClassTable longer = one;
    longer.routes[0].prefix.length = 9;
    EXPECT_NE(class_table_version(longer), one.version);
}

std::string ranges(const ClassTable& table) {
    std::string text;
    for (const ClassAses& range : table.ases)
        text +=
            fmt::format("{}-{} {}\n", range.first, range.last, table.classes.at(range.class_index));
    return text;
}

TEST(ClassTable, AsRulesBecomeRangesOfWhichTheFirstRuleHasItsOwn) {
    EXPECT_EQ(ranges(table_of(rules({"as 5 = a", "as 3-8 = b", "as 7-9 = a", "as 1-20 = c"}), {})),
              "1-2 c\n3-4 b\n5-5 a\n6-8 b\n9-9 a\n10-20 c\n");
    EXPECT_EQ(ranges(table_of(rules({"as 1-4 = a", "as 5-6 = a", "as 2-9 = a"}), {})), "1-9 a\n")
        << "adjacent numbers of one class are one range";
    EXPECT_EQ(ranges(table_of(rules({"as 0-4294967295 = a", "as 7 = b"}), {})), "0-4294967295 a\n");
    EXPECT_EQ(ranges(table_of(rules({"as 4294967295 = a", "as 0-4294967295 = b"}), {})),
              "0-4294967294 b\n4294967295-4294967295 a\n");
    EXPECT_EQ(ranges(table_of(rules({"own = a", "within 10.0.0.0/8 = b"}), {})), "");
}

// Compared with the rules one after the other.
TEST(ClassTable, RangesAnswerAsTheRulesDo) {
    std::mt19937 random(5);
    for (int round = 0; round < 200; ++round) {
        std::vector<ClassRule> list;
        const auto below = [&](std::uint32_t limit) {
            return static_cast<std::uint32_t>(random() % limit);
        };
        for (std::uint32_t i = below(8); i > 0; --i) {
            ClassRule rule{.kind = ClassRule::Kind::as_range, .first_as = below(30)};
            rule.last_as = rule.first_as + below(12);
            rule.class_name = std::string(1, static_cast<char>('a' + below(3)));
            list.push_back(rule);
        }
        const ClassTable table = table_of(list, {});
        const CompiledClasses compiled(table);
        for (std::uint32_t as = 0; as < 45; ++as) {
            std::string expected = "world";
            for (const ClassRule& rule : list) {
                if (as == 0 || as < rule.first_as || as > rule.last_as) continue;
                expected = rule.class_name;
                break;
            }
            ASSERT_EQ(compiled.names()[compiled.find(*parse_address("9.9.9.9"), as)], expected);
        }
    }
}

TEST(ClassTable, NextHopThenRouteThenAsThenDefault) {
    const ClassTable table =
        table_of(rules({"as 7575 = aarnet", "next-hop 192.0.2.9 = old",
                        "next-hop 192.0.2.9 = transit-a", "default = international"}),
                 {{"10.0.0.0/8", {1}}, {"11.0.0.0/8", {7575}}});
    const ClassLookup lookup(table);
    const auto name = [&](const char* address, std::uint32_t as, const char* next_hop = "") {
        const Address hop = *next_hop == '\0' ? Address{} : *parse_address(next_hop);
        return std::string(lookup.find(*parse_address(address), as, hop).class_name);
    };
    EXPECT_EQ(name("11.0.0.1", 7575, "192.0.2.9"), "transit-a") << "the later of two";
    EXPECT_EQ(name("11.0.0.1", 1), "aarnet");
    EXPECT_EQ(name("10.0.0.1", 7575), "international") << "a route is there, of that class";
    EXPECT_EQ(name("12.0.0.1", 7575, "192.0.2.8"), "aarnet");
    EXPECT_EQ(name("12.0.0.1", 7574), "international");
    EXPECT_EQ(name("12.0.0.1", 0), "international");
    EXPECT_EQ(lookup.find(*parse_address("12.0.0.1"), 7575).ases->first, 7575U);
    const CompiledClasses compiled(table);
    EXPECT_TRUE(compiled.asks_next_hops());
    EXPECT_EQ(compiled.names()[compiled.find_next_hop(*parse_address("192.0.2.9"))], "transit-a");
    EXPECT_EQ(compiled.find_next_hop(*parse_address("192.0.2.8")), CompiledClasses::no_class);
    EXPECT_FALSE(CompiledClasses().asks_next_hops());
}

TEST(ClassTable, TheVersionCoversWhatRecordsDecideBy) {
    const auto version = [](std::initializer_list<const char*> texts) {
        return table_of(rules(texts), {}).version;
    };
    const std::set<std::string> versions = {version({}),
                                            version({"as 1 = a"}),
                                            version({"as 2 = a"}),
                                            version({"as 1 = b"}),
                                            version({"as 1-2 = a"}),
                                            version({"next-hop 192.0.2.9 = a"}),
                                            version({"next-hop 192.0.2.8 = a"}),
                                            version({"next-hop 192.0.2.9 = b"}),
                                            version({"as 1 = a", "next-hop 192.0.2.9 = a"})};
    EXPECT_EQ(versions.size(), 9U);
    EXPECT_EQ(version({"as 1 = a", "as 2 = a"}), version({"as 1-2 = a"}));
    EXPECT_EQ(version({"as 2 = a", "as 1 = b", "as 1-2 = c"}), version({"as 1 = b", "as 2 = a"}));
}

TEST(ClassTable, CompiledAndLookup) {
    const ClassTable table =
        table_of(rules({"default = international"}),
                 {{"10.0.0.0/8", {}, "free", true}, {"10.1.0.0/16", {}, "paid", true}});
    const CompiledClasses compiled(table);
    const auto name = [&](const char* a) {
        return compiled.names()[compiled.find(*parse_address(a))];
    };
    EXPECT_EQ(name("10.2.0.1"), "free");
    EXPECT_EQ(name("10.1.0.1"), "paid");
    EXPECT_EQ(name("11.1.0.1"), "international");
    EXPECT_EQ(name("::1"), "international");
    EXPECT_EQ(compiled.version(), table.version);
    const ClassLookup lookup(table);
    EXPECT_EQ(to_string(*lookup.find(*parse_address("10.1.2.3")).prefix), "10.1.0.0/16");
    EXPECT_EQ(lookup.find(*parse_address("9.1.2.3")).class_name, "international");
    EXPECT_FALSE(lookup.find(*parse_address("9.1.2.3")).prefix.has_value());
    EXPECT_EQ(CompiledClasses().names()[CompiledClasses().find(*parse_address("9.1.2.3"))],
              "world");
}

TEST(ClassTable, RulesThatAreWrongSaySo) {
    const auto error = [](const char* text) {
        const auto rule = parse_class_rule(text);
        return rule ? std::string() : rule.error().text;
    };
    EXPECT_THAT(error("as 7575 aarnet"), testing::HasSubstr("no '='"));
    EXPECT_THAT(error("as x = aarnet"), testing::HasSubstr("AS number"));
    EXPECT_THAT(error("as 9-5 = aarnet"), testing::HasSubstr("5-9"));
    EXPECT_THAT(error("within 10.0.0.1/8 = a"), testing::HasSubstr("10.0.0.0/8"));
    EXPECT_THAT(error("asn 5 = a"), testing::HasSubstr("write one of as"));
    EXPECT_THAT(error("next-hop 192.0.2.0/24 = a"), testing::HasSubstr("192.0.2.0/24"));
    EXPECT_THAT(error("own 5 = a"), testing::HasSubstr("must not have a value before"));
    EXPECT_THAT(error("as 5 = two words"), testing::HasSubstr("class name"));
    EXPECT_THAT(error("as 5 = multicast"), testing::HasSubstr("reserved"));
    EXPECT_THAT(error("as 5 ="), testing::HasSubstr("class name"));
}

TEST(ClassTable, TooManyClassesAreRefused) {
    ClassTableBuilder builder({}, "world");
    for (std::uint32_t i = 0; i < 70'000; ++i) {
        const std::vector<std::uint32_t> as = {i};
        ASSERT_TRUE(builder.add(Prefix::of(Address::v4(i << 8U), 24), as, "", 1, {.line = i + 1})
                        .has_value());
    }
    const auto table = builder.finish();
    ASSERT_FALSE(table.has_value());
    EXPECT_EQ(table.error().code, ErrorCode::over_limit);
}

TEST(ClassTable, APrefixToWhichListsGiveTwoClassesIsAConflict) {
    ClassTableBuilder builder(rules({"word mirror = local"}), "world");
    const auto add = [&](const char* prefix, const char* word, RoutePlace place) {
        ASSERT_TRUE(builder.add(*parse_prefix(prefix), {}, word, 1, place).has_value());
    };
    add("10.0.0.0/8", "a", {.line = 1});
    add("11.0.0.0/8", "a", {.line = 2});
    add("11.0.0.0/8", "b", {.line = 3});
    add("10.0.0.0/8", "a", {.line = 4});  // the same class again
    add("12.0.0.0/8", "mirror", {.line = 5});
    add("12.0.0.0/8", "local", {.line = 6});  // the same by a rule
    add("13.0.0.0/8", "a", {.line = 7});
    add("13.0.0.0/8", "", {.file = 1, .line = 2});  // the default class, in another file
    add("11.0.0.0/8", "b", {.line = 8});
    const auto table = builder.finish();
    ASSERT_TRUE(table.has_value());
    EXPECT_EQ(show(*table), "10.0.0.0/8 a\n12.0.0.0/8 local\n");
    EXPECT_EQ(builder.conflict_count(), 2U);
    ASSERT_EQ(builder.conflicts().size(), 2U);
    const auto& by_lines = builder.conflicts()[0];
    EXPECT_EQ(to_string(by_lines.prefix), "11.0.0.0/8");
    EXPECT_EQ(by_lines.first, (RoutePlace{.line = 2}));
    EXPECT_EQ(by_lines.second, (RoutePlace{.line = 3}));
    EXPECT_EQ(by_lines.first_class, "a");
    EXPECT_EQ(by_lines.second_class, "b");
    EXPECT_EQ(builder.conflicts()[1].second, (RoutePlace{.file = 1, .line = 2}));
}

// A prefix with two origins (RFC 1930, 7) is not a fault of the list: the majority decides.
TEST(ClassTable, TwoOriginsOfAPrefixAreNoConflict) {
    EXPECT_EQ(show(table_of(rules({"as 1 = one", "as 2 = two"}), {{"10.0.0.0/8", {1}, "", true},
                                                                  {"10.0.0.0/8", {2}, "", true},
                                                                  {"10.0.0.0/8", {2}, "", true}})),
              "10.0.0.0/8 two\n");
}

TEST(RouteVotes, TooManyRoutesAreRefused) {
    constexpr std::uint32_t limit = 100'000;
    RouteVotes votes(limit);
    std::uint32_t added = 0;
    while (added < 4 * limit && votes.add(Prefix::of(Address::v4(added), 32), 0, 1)) ++added;
    EXPECT_GT(added, limit);
    EXPECT_LT(added, 2 * limit);
    // The same routes again and again are no more routes.
    RouteVotes same(limit);
    for (std::uint32_t i = 0; i < 4 * limit; ++i)
        ASSERT_TRUE(same.add(Prefix::of(Address::v4(i % (limit / 2)), 32), 0, 1));
}

TEST(OriginTable, KeepsDistinctPairsAndFindsTheMajority) {
    OriginTable table;
    const std::vector<std::uint32_t> one = {1};
    const std::vector<std::uint32_t> two = {2};
    const std::vector<std::uint32_t> set = {1, 2};
    const Prefix prefix = *parse_prefix("10.0.0.0/8");
    EXPECT_TRUE(table.add(prefix, two, "", 2));
    EXPECT_TRUE(table.add(prefix, one, "", 1));
    EXPECT_TRUE(table.add(prefix, one, "", 1));
    EXPECT_TRUE(table.add(prefix, set, "", 1));
    EXPECT_TRUE(table.add(prefix, {}, "word", 1));
    EXPECT_TRUE(table.add(*parse_prefix("10.1.0.0/16"), {}, "", 1));
    EXPECT_EQ(table.rows().size(), 5U);
    table.compile();
    EXPECT_EQ(table.find(*parse_address("10.2.0.1"))->origin->ases, one) << "a tie: the smaller AS";
    EXPECT_TRUE(table.find(*parse_address("10.1.0.1"))->origin->ases.empty());
    EXPECT_EQ(to_string(table.find(*parse_address("10.1.0.1"))->prefix), "10.1.0.0/16");
    EXPECT_FALSE(table.find(*parse_address("11.1.0.1")).has_value());
}

// The same result as counting the votes in a map, also if rows are folded several times.
TEST(RouteVotes, FoldsWithoutLosingVotes) {
    std::mt19937 random(3);
    RouteVotes votes;
    std::map<std::pair<Prefix, std::uint32_t>, std::uint32_t> expected;
    for (int i = 0; i < 500'000; ++i) {
        const Prefix prefix =
            Prefix::of(Address::v4(static_cast<std::uint32_t>(random() % 5000) << 8U), 24);
        const auto label = static_cast<std::uint32_t>(random() % 3);
        ASSERT_TRUE(votes.add(prefix, label, 1));
        ++expected[{prefix, label}];
    }
    ASSERT_EQ(votes.rows().size(), expected.size());
    auto it = expected.begin();
    for (const RouteVotes::Row& row : votes.rows()) {
        ASSERT_EQ(row.prefix, it->first.first);
        ASSERT_EQ(row.votes, (it++)->second);
    }
}

}  // namespace
}  // namespace octroi
