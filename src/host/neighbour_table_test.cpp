// SPDX-License-Identifier: GPL-3.0-or-later
// A real kernel: two neighbours in another network namespace, which change their MAC addresses.
#include "host/neighbour_table.hpp"

#include <fmt/format.h>
#include <gtest/gtest.h>
#include <unistd.h>

#include <cstdlib>
#include <map>

#include "host/clock.hpp"
#include "host/interface_name.hpp"
#include "host/testing/own_network.hpp"

namespace octroi {
namespace {

bool run_here(const std::string& command) {
    return std::system(("(" + command + ") >/dev/null 2>&1").c_str()) == 0;
}

// The last entry of each address.
using Entries = std::map<std::string, NeighbourEntry>;
void keep(void* to, const NeighbourEntry& entry) {
    (*static_cast<Entries*>(to))[to_string(entry.address)] = entry;
}

class NeighbourTable : public ::testing::Test {
protected:
    void SetUp() override {
        if (::geteuid() != 0) GTEST_SKIP() << "needs root: makes network namespaces";
        if (!network_.made()) GTEST_SKIP() << "cannot create a network namespace";
        // A proof is asked for at once, and a new MAC address is accepted at once.
        const bool made = run_here(fmt::format(
            "ip netns add {0} && ip link set lo up && "
            "ip link add lan type veth peer name far netns {0} && ip link set lan up && "
            "ip addr add 10.0.0.1/24 dev lan && ip -6 addr add fd00::1/64 dev lan nodad && "
            "sysctl -qw net.ipv4.neigh.lan.locktime=0 net.ipv4.neigh.lan.delay_first_probe_time=0 "
            "&& ip -n {0} link set far address 02:00:00:00:00:01 up && "
            "ip -n {0} addr add 10.0.0.2/24 dev far && ip -n {0} addr add 10.0.0.3/24 dev far && "
            "ip -n {0} -6 addr add fd00::2/64 dev far nodad",
            far_));
        if (!made) GTEST_SKIP() << "cannot create interfaces";
    }
    void TearDown() override { run_here("ip netns del " + far_); }

    // Until the address has the MAC address and the state REACHABLE, for some seconds.
    [[nodiscard]] bool becomes(NeighbourSource& source, Entries& entries,
                               const std::string& address, const std::string& mac) const {
        const SystemClock clock;
        const Duration end = clock.uptime() + Duration::seconds(10);
        while (clock.uptime() < end) {
            const auto complete = source.read(keep, &entries);
            if (!complete || !*complete) return false;
            const auto found = entries.find(address);
            if (found != entries.end() && to_string(found->second.mac) == mac &&
                found->second.state == NeighbourState::reachable)
                return true;
            source.wait(Duration::milliseconds(100));
        }
        return false;
    }

    const testing::OwnNetwork network_;
    const std::string far_ = fmt::format("octroi-neighbours-{}", ::getpid());
};

TEST_F(NeighbourTable, ShowsNeighboursAndTheirChanges) {
    const auto source = open_neighbours();
    ASSERT_TRUE(source) << source.error().text;
    Entries entries;
    run_here("ping -c1 -W2 10.0.0.2; ping -c1 -W2 10.0.0.3; ping -c1 -W2 fd00::2");
    for (const char* address : {"10.0.0.2", "10.0.0.3", "fd00::2"})
        EXPECT_TRUE(becomes(**source, entries, address, "02:00:00:00:00:01")) << address;
    EXPECT_EQ(interface_name(entries["10.0.0.2"].interface), "lan");

    Entries listed;
    const Status listing = (*source)->list(keep, &listed);
    ASSERT_TRUE(listing) << listing.error().text;
    EXPECT_EQ(to_string(listed["10.0.0.3"].mac), "02:00:00:00:00:01");
    EXPECT_TRUE(listed.contains("fd00::2"));

    // The neighbour has a new network card, and speaks first.
    ASSERT_TRUE(run_here(fmt::format("ip -n {0} link set far address 02:00:00:00:00:09", far_)));
    run_here(fmt::format("ip netns exec {0} ping -c2 -W2 10.0.0.1", far_));
    run_here("ping -c2 -W2 10.0.0.2");
    EXPECT_TRUE(becomes(**source, entries, "10.0.0.2", "02:00:00:00:00:09"));

    ASSERT_TRUE(run_here("ip neigh flush to 10.0.0.2 dev lan && ip neigh del 10.0.0.3 dev lan"));
    ASSERT_TRUE((*source)->read(keep, &entries).value_or(false));
    EXPECT_TRUE(entries["10.0.0.3"].is_removed ||
                entries["10.0.0.3"].state == NeighbourState::failed);
}

TEST_F(NeighbourTable, NoticesThatChangesWereLost) {
    const auto source = open_neighbours();
    ASSERT_TRUE(source) << source.error().text;
    // Far more than the buffer has memory for.
    ASSERT_TRUE(
        run_here("for r in $(seq 10 99) $(seq 10 99); do for i in $(seq 1 250); do "
                 "echo neigh replace 10.0.0.$i lladdr 02:00:00:00:00:$r dev lan nud "
                 "permanent; done; done | ip -batch -"));
    Entries entries;
    bool is_complete = true;
    for (int i = 0; i < 100 && is_complete; ++i) {
        const auto read = (*source)->read(keep, &entries);
        ASSERT_TRUE(read) << read.error().text;
        is_complete = *read;
    }
    EXPECT_FALSE(is_complete);
    Entries listed;
    ASSERT_TRUE((*source)->list(keep, &listed));
    EXPECT_GE(listed.size(), 250U);
}

}  // namespace
}  // namespace octroi
