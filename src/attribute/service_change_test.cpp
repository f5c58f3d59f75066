// SPDX-License-Identifier: GPL-3.0-or-later
#include "attribute/service_change.hpp"

#include <gtest/gtest.h>

#include "attribute/testing/world.hpp"

namespace octroi {
namespace {

std::optional<std::string> after_rules(const std::vector<std::string>& texts,
                                       std::string_view before) {
    std::vector<ServiceRule> rules;
    for (const std::string& text : texts) rules.push_back(*parse_service_rule(text));
    const CompiledServices services = *CompiledServices::compile(rules);
    ServiceChange change(services, rules);
    const auto now = change.of(before);
    return now ? std::optional<std::string>(*now) : std::nullopt;
}

TEST(ServiceChange, ReplacesADefaultNameThatRulesTakeAsAWhole) {
    EXPECT_EQ(after_rules({"web = tcp/443 udp/443 sctp/443 udplite/443"}, "https"), "web");
    EXPECT_EQ(after_rules({"web = tcp/443"}, "https"), "https") << "that of UDP is still given";
    EXPECT_EQ(after_rules({"tunnel = gre"}, "gre"), "tunnel");
    EXPECT_EQ(after_rules({"ping = icmp/echo-request"}, "icmp/echo-request"), "ping");
    EXPECT_EQ(after_rules({"stream = tcp"}, "tcp"), "stream");
}

TEST(ServiceChange, KeepsNamesThatAreStillGiven) {
    EXPECT_EQ(after_rules({}, "https"), "https");
    EXPECT_EQ(after_rules({"games = udp/20000-30000"}, "udp"), "udp");
    EXPECT_EQ(after_rules({"web = tcp/80"}, "web"), "web");
    for (const char* fixed : {"malformed", "unknown", "ethertype/arp", "ethertype/0x88cc"})
        EXPECT_EQ(after_rules({"all = tcp udp"}, fixed), fixed);
}

TEST(ServiceChange, DoesNotGuess) {
    EXPECT_FALSE(
        after_rules({"mail = tcp/587", "web = tcp/443 udp/443 sctp/443 udplite/443"}, "https"))
        << "a reading of the ports 443 and 587 is mail now";
    EXPECT_FALSE(after_rules({}, "voice")) << "a rule that is gone";
}

// Whatever reading had the default name: where it is replaced, it has that name now.
TEST(ServiceChange, AgreesWithLookups) {
    testing::Random random(9);
    const CompiledServices defaults;
    int replaced = 0;
    for (int i = 0; i < 40; ++i) {
        auto rules = testing::some_world(random).rules;
        if (i % 2 == 0)
            rules.insert(rules.begin(),
                         {"rule-a", {"tcp/80,443", "udp/80,443", "sctp/80,443", "udplite/80,443"}});
        if (i % 4 == 0) rules.insert(rules.begin(), {"rule-b", {"gre", "icmp"}});
        const CompiledServices services = *CompiledServices::compile(rules);
        ServiceChange change(services, rules);
        for (int n = 0; n < 200; ++n) {
            const Reading reading = testing::some_reading(random);
            const std::string before = defaults.name(defaults.find(reading));
            const auto now = change.of(before);
            if (!now || *now == before) continue;
            ++replaced;
            EXPECT_EQ(*now, services.name(services.find(reading)));
        }
    }
    EXPECT_GT(replaced, 100);
}

}  // namespace
}  // namespace octroi
