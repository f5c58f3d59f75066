// SPDX-License-Identifier: GPL-3.0-or-later
#include "attribute/directory.hpp"

#include <gtest/gtest.h>

#include "record/identity.hpp"

namespace octroi {
namespace {

struct Builder {
    Directory directory;

    Builder& bind(const char* identity, const char* account, Interval valid = {},
                  bool per_address = false) {
        directory.bindings.push_back({directory.bindings.size() + 1, *parse_identity(identity),
                                      account, valid, per_address});
        return *this;
    }
    Builder& network(const char* prefix, bool per_address = false) {
        directory.networks.push_back({prefix, per_address});
        return *this;
    }
};

std::string show(const CompiledDirectory& directory, const CompiledDirectory::Answer& answer) {
    if (!answer.bound) return "-";
    if (answer.target.per_address)
        return to_string(Party{directory.owners()[answer.target.index].kind,
                               directory.owners()[answer.target.index].name,
                               {}}) +
               " *";
    const Party& party = directory.parties()[answer.target.index];
    return to_string(party) + " " + party.identity;
}

std::string network_of(const CompiledDirectory& directory, const char* address) {
    const auto target = directory.find_network(*parse_address(address));
    return target ? show(directory, {.bound = true, .target = *target, .valid = {}}) : "-";
}

std::string who(const CompiledDirectory& directory, const char* address, const char* mac = "",
                UtcTime time = {}) {
    return show(directory, directory.find_address(*parse_address(address),
                                                  *mac == '\0' ? Mac{} : *parse_mac(mac), time));
}

constexpr const char* station = "02:00:00:00:00:01";

TEST(CompiledDirectory, TheMostSpecificWinsThenTheNewer) {
    Builder b;
    b.bind("10.0.0.0/8", "college").bind("10.1.0.0/16", "physics").bind("10.1.0.0/16", "chemistry");
    b.bind("10.1.2.3", "alice").bind("mac 2:0:0:0:0:1", "bob").bind("2001:db8::/32", "college");
    const CompiledDirectory directory(b.directory);
    EXPECT_EQ(who(directory, "10.1.2.3", station), "alice *");
    EXPECT_EQ(who(directory, "10.1.2.4", station), "bob mac 02:00:00:00:00:01");
    EXPECT_EQ(who(directory, "10.1.2.4"), "chemistry 10.1.0.0/16");
    EXPECT_EQ(who(directory, "10.2.2.4"), "college 10.0.0.0/8");
    EXPECT_EQ(who(directory, "2001:db8::1"), "college 2001:db8::/32");
    EXPECT_EQ(who(directory, "11.0.0.1"), "-");
    EXPECT_EQ(who(directory, "11.0.0.1", station), "bob mac 02:00:00:00:00:01");
}

// Prefixes of the two families with equal octets must not be mixed up.
TEST(CompiledDirectory, FamiliesDoNotMix) {
    Builder b;
    b.bind("10.0.0.0/8", "v4").bind("a00::/16", "v6").bind("10.1.0.0/16", "inner", {{100}, {200}});
    const CompiledDirectory directory(b.directory);
    EXPECT_EQ(who(directory, "10.1.0.1", "", {150}), "inner 10.1.0.0/16");
    EXPECT_EQ(who(directory, "10.1.0.1", "", {250}), "v4 10.0.0.0/8");
    EXPECT_EQ(who(directory, "a00::1"), "v6 a00::/16");
}

TEST(CompiledDirectory, BindingsHoldFromAndUntil) {
    Builder b;
    b.bind("10.1.0.0/16", "always")
        .bind("10.1.2.3", "morning", {{100}, {200}})
        .bind("10.1.2.3", "noon", {{150}, {180}});
    b.bind("10.1.2.3", "never", {{300}, {300}}).bind("10.1.2.3", "backwards", {{300}, {200}});
    const CompiledDirectory directory(b.directory);
    const auto at = [&](std::int64_t t) {
        const auto answer = directory.find_address(*parse_address("10.1.2.3"), {}, {t});
        return show(directory, answer) + " " + std::to_string(answer.valid.begin.ns) + ".." +
               std::to_string(answer.valid.end.ns);
    };
    const std::string first = std::to_string(INT64_MIN);
    const std::string last = std::to_string(INT64_MAX);
    EXPECT_EQ(at(99), "always 10.1.0.0/16 " + first + "..100");
    EXPECT_EQ(at(100), "morning * 100..150");
    EXPECT_EQ(at(149), "morning * 100..150");
    EXPECT_EQ(at(150), "noon * 150..180");
    EXPECT_EQ(at(180), "morning * 180..200");
    EXPECT_EQ(at(200), "always 10.1.0.0/16 200.." + last);
    EXPECT_TRUE(directory.problems().empty());
}

TEST(CompiledDirectory, LinksAndNetworks) {
    Builder b;
    b.bind("vlan 12", "lab")
        .bind("interface eth0", "lan")
        .network("10.0.0.0/8")
        .network("10.9.0.0/16", true);
    const CompiledDirectory directory(b.directory);
    EXPECT_TRUE(directory.binds_links());
    const std::uint32_t eth0 = directory.name_timeline({IdentityKind::interface, "eth0"});
    EXPECT_EQ(directory.name_timeline({IdentityKind::interface, "eth1"}),
              CompiledDirectory::no_timeline);
    EXPECT_EQ(directory.name_timeline({IdentityKind::user, "eth0"}),
              CompiledDirectory::no_timeline);
    EXPECT_EQ(show(directory, directory.find_vlan(12, {})), "lab vlan 12");
    EXPECT_EQ(show(directory, directory.find_vlan(13, {})), "-");
    EXPECT_EQ(show(directory, directory.find_vlan(4095, {})), "-");
    EXPECT_EQ(show(directory, directory.find_name(eth0, {})), "lan interface eth0");
    EXPECT_EQ(show(directory, directory.find_name(CompiledDirectory::no_timeline, {})), "-");
    EXPECT_EQ(network_of(directory, "10.1.1.1"), "@unattributed 10.0.0.0/8");
    EXPECT_EQ(network_of(directory, "10.9.1.1"), "@unattributed *");
    EXPECT_EQ(network_of(directory, "11.9.1.1"), "-");
}

TEST(CompiledDirectory, AsNumbersAndNextHops) {
    Builder b;
    b.bind("as 64500", "customer", {{100}, {200}}).bind("as 64500", "newer", {{150}, {160}});
    b.bind("next-hop 192.0.2.9", "peer").bind("next-hop 2001:db8::9", "peer");
    const CompiledDirectory directory(b.directory);
    EXPECT_TRUE(directory.binds_links());
    const auto as = [&](std::uint32_t number, std::int64_t time) {
        return show(directory, directory.find_as(number, {time}));
    };
    EXPECT_EQ(as(64500, 99), "-");
    EXPECT_EQ(as(64500, 100), "customer as 64500");
    EXPECT_EQ(as(64500, 150), "newer as 64500");
    EXPECT_EQ(directory.find_as(64500, {100}).valid.end.ns, 150);
    EXPECT_EQ(as(64501, 100), "-");
    EXPECT_EQ(as(0, 100), "-");
    const auto next_hop = [&](const char* address) {
        const auto timeline = directory.name_timeline({IdentityKind::next_hop, address});
        return show(directory, directory.find_name(timeline, {}));
    };
    EXPECT_EQ(next_hop("192.0.2.9"), "peer next-hop 192.0.2.9");
    EXPECT_EQ(next_hop("2001:db8::9"), "peer next-hop 2001:db8::9");
    EXPECT_EQ(next_hop("192.0.2.8"), "-");
}

TEST(CompiledDirectory, WhatCannotBeReadIsLeftOutAndSaid) {
    Builder b;
    b.bind("10.0.0.0/8", "good").network("10.0.0.1/8");
    b.directory.bindings.push_back(
        {7, {IdentityKind::prefix, "10.1.2.3"}, "not canonical", {}, false});
    b.directory.bindings.push_back(
        {8, {static_cast<IdentityKind>(99), "x"}, "from the future", {}, false});
    const CompiledDirectory directory(b.directory);
    EXPECT_EQ(directory.problems().size(), 3U);
    EXPECT_EQ(who(directory, "10.1.2.3"), "good 10.0.0.0/8");
}

// Networks within networks, with gaps between them.
TEST(CompiledDirectory, ThePrefixOfANameLiesInTheLongestNetworkThatContainsAllOfIt) {
    Directory directory;
    directory.networks = {{"10.0.0.0/8", true},
                          {"10.1.0.0/16", false},
                          {"10.1.2.0/24", true},
                          {"10.1.2.128/25", true},
                          {"2001:db8::/32", true}};
    const CompiledDirectory compiled(directory);
    const auto length_of = [&](const char* text) {
        const Prefix prefix = *parse_prefix(text);
        const auto found = compiled.find_network(prefix);
        int longest = -1;
        for (const LocalNetwork& network : directory.networks) {
            const Prefix held = *parse_prefix(network.prefix);
            if (held.length > prefix.length || !held.contains(prefix.address)) continue;
            longest = std::max<int>(longest, held.length);
        }
        EXPECT_EQ(found.has_value(), longest >= 0) << text;
        if (found && longest == 16) {
            EXPECT_FALSE(found->per_address) << text;
            EXPECT_EQ(compiled.parties()[found->index].identity, "10.1.0.0/16");
        }
        if (found && longest != 16) {
            EXPECT_TRUE(found->per_address) << text;
        }
        return longest;
    };
    EXPECT_EQ(length_of("10.1.2.0/24"), 24);
    EXPECT_EQ(length_of("10.1.2.0/23"), 16);
    EXPECT_EQ(length_of("10.1.2.192/26"), 25);
    EXPECT_EQ(length_of("10.0.0.0/15"), 8);
    EXPECT_EQ(length_of("10.0.0.0/7"), -1);
    EXPECT_EQ(length_of("2001:db8:1::/48"), 32);
    EXPECT_EQ(length_of("0.0.0.0/0"), -1);
    EXPECT_EQ(length_of("::/0"), -1);
}

}  // namespace
}  // namespace octroi
