// SPDX-License-Identifier: GPL-3.0-or-later
#include "attribute/services.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <set>

#include "attribute/categories.hpp"

namespace octroi {
namespace {

CompiledServices services(std::initializer_list<const char*> texts) {
    std::vector<ServiceRule> rules;
    for (const char* text : texts) rules.push_back(*parse_service_rule(text));
    auto compiled = CompiledServices::compile(rules);
    EXPECT_TRUE(compiled.has_value()) << (compiled ? "" : compiled.error().text);
    return compiled ? *std::move(compiled) : CompiledServices();
}

// The service of both directions, which must be the same.
std::string by_port(const CompiledServices& table, std::uint8_t proto, std::uint16_t a,
                    std::uint16_t b) {
    Reading reading;
    reading.proto = proto;
    reading.sport = a;
    reading.dport = b;
    const std::uint32_t there = table.find(reading);
    std::swap(reading.sport, reading.dport);
    EXPECT_EQ(table.find(reading), there);
    return table.name(there);
}

std::string by_type(const CompiledServices& table, std::uint8_t proto, std::uint8_t type) {
    Reading reading;
    reading.proto = proto;
    reading.icmp_type = type;
    return table.name(table.find(reading));
}

TEST(Services, NamesWithoutRules) {
    const CompiledServices table;
    EXPECT_EQ(by_port(table, 6, 40'000, 443), "https");
    EXPECT_EQ(by_port(table, 17, 40'000, 443), "https");
    EXPECT_EQ(by_port(table, 17, 53, 53), "domain");
    EXPECT_EQ(by_port(table, 6, 3306, 443), "https") << "the lower port that has a name";
    EXPECT_EQ(by_port(table, 6, 20, 50'000), "ftp-data");
    EXPECT_EQ(by_port(table, 6, 40'000, 50'000), "tcp");
    EXPECT_EQ(by_port(table, 17, 0, 65'535), "udp");
    EXPECT_EQ(by_port(table, 132, 36'412, 40'000), "s1-control");
    EXPECT_EQ(by_port(table, 33, 1, 2), "dccp");
    EXPECT_EQ(by_port(table, 136, 5004, 2), "avt-profile-1");
    EXPECT_EQ(by_type(table, 1, 8), "icmp/echo-request");
    EXPECT_EQ(by_type(table, 1, 200), "icmp/200");
    EXPECT_EQ(by_type(table, 58, 135), "icmpv6/neighbor-solicitation");
    EXPECT_EQ(by_port(table, 47, 0, 0), "gre");
    EXPECT_EQ(by_port(table, 99, 0, 0), "proto/99");
}

TEST(Services, OtherKindsOfReadings) {
    const CompiledServices table;
    Reading reading;
    reading.proto = 6;
    reading.sport = 80;
    reading.fragment = FragmentState::orphan;
    EXPECT_EQ(table.name(table.find(reading)), "fragment");
    reading.fragment = FragmentState::resolved;
    EXPECT_EQ(table.name(table.find(reading)), "http");
    reading.kind = ReadingKind::duplicate;
    EXPECT_EQ(table.name(table.find(reading)), "http");
    reading.kind = ReadingKind::malformed;
    EXPECT_EQ(table.name(table.find(reading)), "malformed");
    reading.kind = ReadingKind::non_ip;
    for (const auto& [ethertype, name] : {std::pair{0x0806, "ethertype/arp"},
                                          {0x88CC, "ethertype/0x88cc"},
                                          {0x0026, "ethertype/llc"},
                                          {0x05FF, "ethertype/llc"},
                                          {0x0600, "ethertype/0x0600"}}) {
        reading.set_ethertype(static_cast<std::uint16_t>(ethertype));
        EXPECT_EQ(table.name(table.find(reading)), name);
        EXPECT_LT(table.find(reading), table.end());
    }
}

TEST(Services, TheFirstRuleThatFitsDecides) {
    const CompiledServices table =
        services({"web = tcp/80,443 udp/443", "low = tcp/1:1023", "ftp = tcp/20-21", "rest = tcp",
                  "ping = icmp/echo-request,echo-reply icmpv6/128-129",
                  "tunnel = gre proto/50,ipv6", "names = udp/domain,mdns", "pieces = fragment"});
    EXPECT_EQ(by_port(table, 6, 50'000, 80), "web");
    EXPECT_EQ(by_port(table, 17, 50'000, 443), "web");
    EXPECT_EQ(by_port(table, 6, 80, 22), "web") << "source or destination port";
    EXPECT_EQ(by_port(table, 6, 21, 50'000), "low") << "first match";
    EXPECT_EQ(by_port(table, 6, 50'000, 50'001), "rest");
    EXPECT_EQ(by_port(table, 6, 0, 3306), "rest")
        << "a rule for the protocol precedes the port names";
    EXPECT_EQ(by_port(table, 17, 5353, 5353), "names");
    EXPECT_EQ(by_port(table, 17, 123, 123), "ntp");
    EXPECT_EQ(by_type(table, 1, 0), "ping");
    EXPECT_EQ(by_type(table, 58, 129), "ping");
    EXPECT_EQ(by_type(table, 1, 3), "icmp/destination-unreachable");
    EXPECT_EQ(by_port(table, 47, 0, 0), "tunnel");
    EXPECT_EQ(by_port(table, 50, 0, 0), "tunnel");
    EXPECT_EQ(by_port(table, 41, 0, 0), "tunnel");
    Reading reading;
    reading.fragment = FragmentState::orphan;
    EXPECT_EQ(table.name(table.find(reading)), "pieces");
}

// The seed document's ranges stopped at 32767; these cover all ports.
TEST(Services, RangesCoverAllPorts) {
    const CompiledServices table =
        services({"essential = tcp/20-21,25,80", "nonessential = tcp/0:19,22:24,26:79,81:65535"});
    int essential = 0;
    for (std::uint32_t port = 0; port <= 65'535; ++port) {
        const std::string name =
            by_port(table, 6, static_cast<std::uint16_t>(port), static_cast<std::uint16_t>(port));
        ASSERT_TRUE(name == "essential" || name == "nonessential") << port << " " << name;
        essential += name == "essential" ? 1 : 0;
    }
    EXPECT_EQ(essential, 4);
}

TEST(Services, WrongRulesSayWhy) {
    const auto error = [](const char* match) {
        const auto compiled = CompiledServices::compile({{"x", {match}}});
        return compiled ? std::string("accepted") : compiled.error().text;
    };
    EXPECT_THAT(error("80"), testing::HasSubstr("without its protocol"));
    EXPECT_THAT(error("20-21"), testing::HasSubstr("without its protocol"));
    EXPECT_THAT(error("http"), testing::HasSubstr("tcp/http or udp/http"));
    EXPECT_THAT(error("tcp/65536"), testing::HasSubstr("0 to 65535"));
    EXPECT_THAT(error("tcp/90-80"), testing::HasSubstr("did you mean 80-90"));
    EXPECT_THAT(error("tcp/"), testing::HasSubstr("neither a port"));
    EXPECT_THAT(error("tcp/80,"), testing::HasSubstr("neither a port"));
    EXPECT_THAT(error("tcp/nosuchname"), testing::HasSubstr("neither a port"));
    EXPECT_THAT(error("gre/5"), testing::HasSubstr("neither ports nor types"));
    EXPECT_THAT(error("icmp/256"), testing::HasSubstr("0 to 255"));
    EXPECT_THAT(error("proto/300"), testing::HasSubstr("0 to 255"));
    EXPECT_THAT(error("xyz/5"), testing::HasSubstr("protocol 'xyz' is unknown"));
    EXPECT_THAT(error("xyz"), testing::HasSubstr("no protocol"));
    EXPECT_FALSE(CompiledServices::compile({{"two words", {"tcp"}}}).has_value());
    EXPECT_FALSE(CompiledServices::compile({{"ethertype/arp", {"tcp"}}}).has_value());
    EXPECT_FALSE(parse_service_rule("web tcp/80").has_value());
    EXPECT_FALSE(parse_service_rule("web =").has_value());
    EXPECT_FALSE(parse_service_rule("a b = tcp/80").has_value());
}

// A batch lists each service once: two numbers must never have the same name.
TEST(Services, DifferentNumbersHaveDifferentNames) {
    const CompiledServices table = services({"https = tcp/8443", "http = udp/80", "tcp = udp/9999",
                                             "icmp/200 = icmp/3", "web = tcp/80", "web = udp/81"});
    std::set<std::string> names;
    std::set<std::uint32_t> numbers;
    Reading reading;
    for (std::uint32_t proto = 0; proto < 256; ++proto) {
        for (std::uint32_t port = 0; port <= 65'535; port += port < 1100 ? 1 : 7) {
            reading.proto = static_cast<std::uint8_t>(proto);
            reading.sport = static_cast<std::uint16_t>(port);
            reading.icmp_type = static_cast<std::uint8_t>(port);
            const std::uint32_t number = table.find(reading);
            if (numbers.insert(number).second) {
                ASSERT_TRUE(names.insert(table.name(number)).second) << table.name(number);
            }
        }
    }
    EXPECT_GT(names.size(), 600U);
}

TEST(Categories, AreExclusiveAndLeaveARest) {
    const auto categories = Categories::make({{"essential", {"ftp", "ftp-data", "smtp", "http"}},
                                              {"ping", {"icmp/*"}},
                                              {"late", {"http", "ssh"}}});
    ASSERT_TRUE(categories.has_value());
    EXPECT_EQ(categories->category_of("ftp-data"), "essential");
    EXPECT_EQ(categories->category_of("http"), "essential") << "first match";
    EXPECT_EQ(categories->category_of("ssh"), "late");
    EXPECT_EQ(categories->category_of("icmp/echo-request"), "ping");
    EXPECT_EQ(categories->category_of("icmpv6/echo-request"), "other");
    EXPECT_EQ(categories->category_of(""), "other");
    EXPECT_EQ(Categories().category_of("http"), "other");
    EXPECT_FALSE(Categories::make({{"a", {}}, {"a", {}}}).has_value());
    EXPECT_FALSE(Categories::make({{"", {"x"}}}).has_value());
    EXPECT_FALSE(Categories::make({{"a", {"i*p"}}}).has_value());
    EXPECT_FALSE(Categories::make({{"a", {""}}}).has_value());
    EXPECT_EQ(Categories::make({{"all", {"*"}}})->category_of("anything"), "all");
}

}  // namespace
}  // namespace octroi
