// SPDX-License-Identifier: GPL-3.0-or-later
// The meter of interfaces against the kernel's own counters, over a kill, and listings that real
// programs make.

#include "support/counters_fixture.hpp"

namespace octroi {
namespace {

using CountersTest = CountersFixture;

// FEATURES N19, and kills in the middle: 10 readings a second while traffic flows.
TEST_F(CountersTest, KillsAndReadingsDuringTrafficCountEachFrameOnce) {
    const Traffic before = kernel();
    start();
    for (int i = 0; i < 3; ++i) {
        Process traffic = talk(4);
        support::pass(std::chrono::milliseconds(1500 + 300 * i));
        kill();
        support::pass(std::chrono::milliseconds(500));
        start();
        (void)traffic.wait();
    }
    stop();
    const Traffic after = kernel();
    const Traffic truth{after.in - before.in, after.out - before.out};
    EXPECT_GT(truth.in, 1'000'000U);
    EXPECT_EQ(booked().in, truth.in);
    EXPECT_EQ(booked().out, truth.out);
    EXPECT_EQ(support::run(support::octroi(ledger_, {"audit"})).status, 0);
    EXPECT_TRUE(ask({"meters", "--losses"}).empty());
}

TEST_F(CountersTest, ADeletedInterfaceIsALoss) {
    start();
    Process traffic = talk(1);
    (void)traffic.wait();
    must(in(near_, {"ip", "link", "del", "cnear"}));
    support::pass(std::chrono::milliseconds(500));
    stop();
    EXPECT_GT(booked().in, 0U);
    const json losses = ask({"meters", "--losses"});
    ASSERT_EQ(losses.size(), 2U) << losses;
    EXPECT_EQ(losses[0].value("reason", ""), "counter-reset");
}

// The listings of the programs of this machine, of a chain that counts pings of a user.
TEST_F(CountersTest, ListingsOfRealProgramsHaveTheKernelsCounts) {
    must(
        in(near_, {"iptables", "-A", "OUTPUT", "-m", "owner", "--uid-owner", "0", "-j", "ACCEPT"}));
    must(in(near_, {"ping", "-q", "-c", "10", "-i", "0.01", "-s", "1000", "10.78.0.2"}));
    const auto inspect = [&](const std::string& name, const Arguments& program) {
        const Ended made = support::run(in(near_, program));
        EXPECT_EQ(made.status, 0) << made.err;
        std::ofstream(folder_ / name) << made.out;
        const json rows = ask({"inspect", "counters", folder_ / name});
        std::uint64_t bytes = 0;
        std::uint64_t packets = 0;
        for (const json& row : rows) {
            if (row.value("form", "") != "rule") continue;
            bytes += row.value("bytes", std::uint64_t{0});
            packets += row.value("packets", std::uint64_t{0});
        }
        EXPECT_EQ(packets, 10U) << name << ": " << made.out;
        EXPECT_EQ(bytes, 10'280U) << name << ": " << made.out;
    };
    inspect("save", {"iptables-save", "-c"});
    inspect("list", {"iptables", "-nvxL", "OUTPUT"});
    inspect("rules", {"iptables", "-vS", "OUTPUT"});
    inspect("nft", {"nft", "-j", "list", "ruleset"});
}

}  // namespace
}  // namespace octroi
