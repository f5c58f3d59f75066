// SPDX-License-Identifier: GPL-3.0-or-later
#include "host/interfaces.hpp"

#include <gtest/gtest.h>
#include <sys/wait.h>
#include <unistd.h>

#include <csignal>
#include <cstdlib>

#include <algorithm>

#include "host/testing/own_network.hpp"

namespace octroi {
namespace {

TEST(Interfaces, ContainTheLoopback) {
    const auto all = interfaces();
    ASSERT_TRUE(all.has_value()) << all.error().text;
    const auto lo =
        std::find_if(all->begin(), all->end(), [](const Interface& i) { return i.loopback; });
    ASSERT_NE(lo, all->end());
    EXPECT_FALSE(lo->meterable);
    EXPECT_EQ(lo->excluded_because, "loopback");
    EXPECT_GT(lo->index, 0);
    for (const Interface& i : *all) EXPECT_EQ(i.meterable, i.excluded_because.empty()) << i.name;
}

TEST(Interfaces, ListTheExistingOnesForAnUnknownName) {
    const auto none = interface("nosuch0");
    ASSERT_FALSE(none.has_value());
    EXPECT_EQ(none.error().code, ErrorCode::not_found);
    EXPECT_NE(none.error().text.find("lo"), std::string::npos);
}

TEST(Interfaces, HaveABootId) { EXPECT_EQ(boot_id().value_or("").size(), 36U); }

bool run(const std::string& command) {
    return std::system((command + " >/dev/null 2>&1").c_str()) == 0;
}

// A router with two uplinks, a VLAN and a bridge.
TEST(Interfaces, StateUplinksForwardingAndWhatTheyAreOn) {
    if (::geteuid() != 0) GTEST_SKIP() << "needs root: makes a network namespace";
    const testing::OwnNetwork network;
    if (!network.made()) GTEST_SKIP() << "cannot create a network namespace";
    const bool made =
        run("ip link add wan1 type veth peer name far1 && ip link add wan2 type veth peer name far2"
            " && ip link add lan type veth peer name far3 && ip link add br0 type bridge && ip "
            "link "
            "set far3 master br0") &&
        run("for i in wan1 far1 wan2 far2 lan far3 br0; do ip link set $i up; done; "
            "ip addr add 192.0.2.2/24 dev wan1; ip addr add 198.51.100.2/24 dev wan2; "
            "ip addr add 10.0.0.1/8 dev lan; ip -6 addr add fd00::1/64 dev wan2 nodad") &&
        run("ip route add default nexthop via 192.0.2.1 dev wan1 nexthop via 198.51.100.1 dev wan2 "
            "&& for i in $(seq 250); do echo route add 203.0.$i.0/24 via 10.0.0.2; done "
            "| ip -batch - && ip -6 route add 2000::/3 via fd00::2 dev wan2 && "
            "sysctl -qw net.ipv4.conf.lan.forwarding=1 net.ipv6.conf.wan2.forwarding=1");
    if (!made) GTEST_SKIP() << "cannot create interfaces";
    // Some kernels have no VLAN devices.
    const bool has_vlan =
        run("ip link add link lan name lan.10 type vlan id 10 && ip link set lan.10 up");
    const auto all = interfaces();
    ASSERT_TRUE(all.has_value()) << all.error().text;
    const auto named = [&](const std::string& name) {
        return *std::ranges::find(*all, name, &Interface::name);
    };
    EXPECT_TRUE(named("wan1").uplink_v4);
    EXPECT_TRUE(named("wan2").uplink_v4);
    EXPECT_FALSE(named("lan").uplink_v4);
    EXPECT_FALSE(named("wan1").uplink_v6);
    EXPECT_TRUE(named("wan2").uplink_v6);
    EXPECT_TRUE(named("lan").forwards_v4);
    EXPECT_FALSE(named("lan").forwards_v6);
    EXPECT_FALSE(named("wan2").forwards_v4);
    EXPECT_TRUE(named("wan2").forwards_v6);
    EXPECT_EQ(named("lan").lower, 0) << "the other end of the pair is not below it";
    EXPECT_EQ(named("far3").master, named("br0").index);
    EXPECT_TRUE(named("far3").bridge_port);
    if (!has_vlan) return;
    EXPECT_EQ(named("lan.10").lower, named("lan").index);
    EXPECT_FALSE(named("lan.10").meterable) << "its frames are those of lan";
}

// On a machine with containers the interfaces change while they are listed.
TEST(Interfaces, AreListedWhileTheyChange) {
    if (::geteuid() != 0) GTEST_SKIP() << "needs root: makes a network namespace";
    const testing::OwnNetwork network;
    if (!network.made()) GTEST_SKIP() << "cannot create a network namespace";
    // Enough for several messages of netlink.
    std::string many =
        "for i in $(seq 150); do echo link add a$i type veth peer b$i; done | ip -batch -";
    if (std::system(many.c_str()) != 0) GTEST_SKIP() << "cannot create interfaces";
    const pid_t changer = ::fork();
    if (changer == 0) {
        ::setpgid(0, 0);
        ::execlp(
            "sh", "sh", "-c",
            "while :; do echo link add x type veth peer y; echo link del x; done | ip -batch -",
            nullptr);
        ::_exit(127);
    }
    ::setpgid(changer, changer);
    for (int i = 0; i < 300; ++i) {
        const auto all = interfaces();
        EXPECT_TRUE(all.has_value()) << (all.has_value() ? "" : all.error().text);
        if (!all.has_value()) break;
        EXPECT_GE(all->size(), 301U);
    }
    ::kill(-changer, SIGKILL);
    ::waitpid(changer, nullptr, 0);
}

}  // namespace
}  // namespace octroi
