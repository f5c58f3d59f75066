// SPDX-License-Identifier: GPL-3.0-or-later
#include "meter/ebpf/metered_interfaces.hpp"

#include <gtest/gtest.h>

namespace octroi::ebpf {
namespace {

class MeteredInterfacesTest : public ::testing::Test {
protected:
    Interface& add(const std::string& name, const std::string& kind = "") {
        Interface i;
        i.name = name;
        i.kind = kind;
        i.index = static_cast<int>(present.size()) + 1;
        i.up = true;
        i.meterable = kind.empty() || kind == "bond";
        present.push_back(i);
        return present.back();
    }
    [[nodiscard]] int index_of(const std::string& name) const {
        for (const Interface& i : present)
            if (i.name == name) return i.index;
        return 0;
    }
    void put_on(const std::string& lower, const std::string& master) {
        present[static_cast<std::size_t>(index_of(lower)) - 1].master = index_of(master);
    }
    [[nodiscard]] std::string chosen(const std::vector<std::string>& names = {}) const {
        const auto metered = metered_interfaces(present, names);
        std::string text;
        for (const Interface* i : metered.chosen) text += (text.empty() ? "" : " ") + i->name;
        return text;
    }
    [[nodiscard]] std::string covered(const std::vector<std::string>& names = {}) const {
        const auto metered = metered_interfaces(present, names);
        std::string text;
        for (const Interface& i : present)
            if (metered.covered.contains(i.index)) text += (text.empty() ? "" : " ") + i.name;
        return text;
    }

    std::vector<Interface> present;
};

TEST_F(MeteredInterfacesTest, PhysicalInterfacesAndWhatStandsOnThem) {
    add("eth0");
    add("eth1");
    add("eth0.10", "vlan").lower = 1;
    add("ppp0", "ppp").lower = 2;
    add("docker0", "bridge");
    add("veth1", "veth");
    put_on("veth1", "docker0");
    EXPECT_EQ(chosen(), "eth0 eth1");
    EXPECT_EQ(covered(), "eth0 eth1 eth0.10 ppp0");
}

TEST_F(MeteredInterfacesTest, ABondAndNotItsPorts) {
    add("eth0").meterable = false;
    add("eth1").meterable = false;
    add("bond0", "bond");
    add("bond0.5", "vlan").lower = 3;
    put_on("eth0", "bond0");
    put_on("eth1", "bond0");
    EXPECT_EQ(chosen(), "bond0");
    EXPECT_EQ(covered(), "bond0 bond0.5");
}

// Where the bridge does not route, the physical port sees what leaves the machine. Where it does, a
// packet of a virtual machine reaches another interface by way of the bridge.
TEST_F(MeteredInterfacesTest, AllPortsOfABridgeThatRoutes) {
    add("eth0");
    add("br0", "bridge");
    add("vnet0", "tun");
    put_on("eth0", "br0");
    put_on("vnet0", "br0");
    EXPECT_EQ(chosen(), "eth0");
    EXPECT_EQ(covered(), "eth0 br0");
    present[1].forwards_v4 = true;
    EXPECT_EQ(chosen(), "eth0 vnet0");
    EXPECT_EQ(covered({"eth0"}), "eth0 br0 vnet0");
    EXPECT_EQ(metered_interfaces(present, {"eth0"}).added, std::vector<std::string>{"vnet0"});
    EXPECT_EQ(chosen({"br0"}), "br0");
    EXPECT_EQ(covered({"br0"}), "br0");
}

// Without hardware (in a container) a bridge is meterable, and its ports see all that it moves.
TEST_F(MeteredInterfacesTest, PortsInsteadOfABridge) {
    add("br0", "bridge").meterable = true;
    add("veth0", "veth");
    add("veth1", "veth");
    put_on("veth0", "br0");
    put_on("veth1", "br0");
    add("br1", "bridge").meterable = true;
    EXPECT_EQ(chosen(), "veth0 veth1 br1");
}

TEST_F(MeteredInterfacesTest, TwoOfAStackCannotBeNamed) {
    add("eth0");
    add("br0", "bridge");
    add("br0.7", "vlan").lower = 2;
    put_on("eth0", "br0");
    const auto both = metered_interfaces(present, {"br0.7", "eth0"});
    ASSERT_EQ(both.conflicts.size(), 1U);
    EXPECT_NE(both.conflicts.front().find("br0.7 stands on eth0"), std::string::npos);
    EXPECT_EQ(chosen({"br0.7", "eth0"}), "eth0");
    EXPECT_EQ(covered({"br0.7", "eth0"}), "eth0 br0 br0.7");
    EXPECT_EQ(warnings_of(both).size(), 1U);
    EXPECT_TRUE(metered_interfaces(present, {"br0.7"}).conflicts.empty());
    EXPECT_EQ(chosen({"br0.7"}), "br0.7");
    EXPECT_EQ(chosen({"eth*", "br*"}), "eth0");
    EXPECT_EQ(chosen({"eth*", "br0"}), "br0");
}

// PPPoE sessions on two interfaces: on which one a ppp interface stands is not known.
TEST_F(MeteredInterfacesTest, PppInterfacesOnOneOfSeveral) {
    add("eth0");
    add("eth1");
    add("ppp0", "ppp").possible_lower = {1, 2};
    present[2].is_on_possible_lower = true;
    EXPECT_EQ(covered({"eth0", "eth1"}), "eth0 eth1 ppp0");
    EXPECT_EQ(chosen({"eth*", "ppp*"}), "eth0 eth1");
    EXPECT_EQ(chosen({"ppp*"}), "ppp0");
    EXPECT_TRUE(metered_interfaces(present, {"eth0", "eth1"}).unplaced.empty());
    const auto one = metered_interfaces(present, {"eth0"});
    EXPECT_EQ(covered({"eth0"}), "eth0");
    EXPECT_EQ(one.unplaced, std::vector<std::string>{"ppp0"});
    EXPECT_NE(warnings_of(one).front().find("ppp0"), std::string::npos);
}

// One of them is a modem: what comes in there passes no program, and counts where it leaves.
TEST_F(MeteredInterfacesTest, PppInterfacesThatMayBeOnNone) {
    add("eth0");
    add("ppp0", "ppp").possible_lower = {1};
    add("ppp5", "ppp").possible_lower = {1};
    EXPECT_EQ(covered({"eth0"}), "eth0");
    EXPECT_EQ(metered_interfaces(present, {"eth0"}).unplaced,
              (std::vector<std::string>{"ppp0", "ppp5"}));
    EXPECT_TRUE(metered_interfaces(present, {"ppp*"}).unplaced.empty());
}

TEST_F(MeteredInterfacesTest, WhatIsCoveredWithoutPrograms) {
    add("eth0");
    add("eth1");
    add("eth0.10", "vlan").lower = 1;
    const auto metered = metered_interfaces(present, {});
    EXPECT_EQ(covered_without({}, metered, present), (std::set<int>{1, 2, 3}));
    EXPECT_EQ(covered_without({1}, metered, present), std::set<int>{2});
}

TEST_F(MeteredInterfacesTest, PatternsAndAbsentInterfaces) {
    add("lo").loopback = true;
    add("veth1", "veth");
    add("veth22", "veth");
    EXPECT_EQ(chosen({"veth*"}), "veth1 veth22");
    EXPECT_EQ(chosen({"veth?"}), "veth1");
    EXPECT_EQ(chosen({"*"}), "veth1 veth22");
    EXPECT_EQ(chosen({"ppp*", "wan"}), "");
    EXPECT_FALSE(is_pattern("eth0"));
    EXPECT_TRUE(matches("a*c?", "abbcd"));
    EXPECT_FALSE(matches("a*c?", "abbc"));
}

}  // namespace
}  // namespace octroi::ebpf
