// SPDX-License-Identifier: GPL-3.0-or-later
// Counters that others keep, in the firewall of the kernel: by name, over kills and resets.

#include "support/counters_fixture.hpp"
#include "wire/counters/listed_counter.hpp"

namespace octroi {
namespace {

class ListedTest : public CountersFixture {
protected:
    void configure_listed(const std::string& counters) const {
        configure_daemon(
            "[[meter]]\nname = \"fw\"\nkind = \"listed\"\npoll = \"100ms\"\ncounters = [" +
            counters + "]\n");
    }
    void ping(int count, const std::string& size = "1000") const {
        must(in(near_, {"ping", "-q", "-c", std::to_string(count), "-i", "0.01", "-s", size,
                        "10.78.0.2"}));
    }
    // The octets of a rule of iptables, by its comment.
    [[nodiscard]] std::uint64_t iptables_octets(const std::string& comment) const {
        const Ended saved = support::run(in(near_, {"iptables-save", "-c"}));
        for (const auto& counter : counters::parse_iptables_save(saved.out).counters)
            if (counter.comment == comment) return counter.bytes.value_or(0);
        return 0;
    }
    [[nodiscard]] std::uint64_t nft_octets(const std::string& name) const {
        const Ended listed =
            support::run(in(near_, {"nft", "-j", "list", "counter", "inet", "fw", name}));
        const auto parsed = counters::parse_nft_json(listed.out);
        return parsed && !parsed->counters.empty() ? parsed->counters[0].bytes.value_or(0) : 0;
    }
    void read_once() const { support::pass(std::chrono::milliseconds(500)); }
};

TEST_F(ListedTest, RulesOfIptablesCountOverKillsAndAreNotZeroed) {
    must(in(near_, {"iptables", "-A", "OUTPUT", "-p", "icmp", "-m", "comment", "--comment",
                    "pings sent", "-j", "ACCEPT"}));
    must(in(near_,
            {"iptables", "-A", "INPUT", "-m", "comment", "--comment", "all", "-j", "ACCEPT"}));
    ping(10);
    configure_listed(
        "\"sent from=iptables chain=OUTPUT comment='pings sent'\", "
        "\"received from=iptables chain=INPUT comment=all\"");
    const std::uint64_t before = iptables_octets("pings sent");
    EXPECT_EQ(before, 10'280U) << "counted before the daemon began: not billed";
    start();
    ping(20);
    kill();
    ping(30);
    start();
    ping(5);
    stop();
    EXPECT_EQ(booked("rule sent").out, 55U * 1028);
    EXPECT_EQ(booked("rule received").in, 55U * 1028);
    EXPECT_EQ(iptables_octets("pings sent"), 65U * 1028) << "read, and not set to 0";
    EXPECT_TRUE(ask({"meters", "--losses"}).empty());
    EXPECT_EQ(support::run(support::octroi(ledger_, {"audit"})).status, 0);
}

// FEATURES P1, P4: rules of users, and the policy of the chain for the rest.
TEST_F(ListedTest, UsersAndThePolicyOfTheChain) {
    // iptables on nftables counts the policy of a chain from here on only.
    must(in(near_, {"iptables", "-P", "OUTPUT", "ACCEPT", "-c", "0", "0"}));
    must(
        in(near_, {"iptables", "-A", "OUTPUT", "-m", "owner", "--uid-owner", "0", "-j", "ACCEPT"}));
    configure_listed(
        "\"users from=iptables chain=OUTPUT uid=each\", "
        "\"others from=iptables chain=OUTPUT policy=yes\"");
    start();
    ping(10);
    // The answers of the kernel itself belong to no user.
    must(in(far_, {"ping", "-q", "-c", "7", "-i", "0.01", "-s", "500", "10.78.0.1"}));
    stop();
    EXPECT_EQ(booked("uid 0").out, 10U * 1028);
    EXPECT_EQ(booked("rule others").out, 7U * 528);
}

TEST_F(ListedTest, CountersOfNftablesByNameAndByComment) {
    must(in(near_,
            {"nft",
             "table inet fw { counter pings { packets 0 bytes 0\n }\n chain out { type filter hook "
             "output priority 0;\n "
             "ip protocol icmp counter name pings\n ip daddr 10.78.0.2 counter comment \"far\"\n "
             "}\n}"}));
    configure_listed(
        "\"pings from=nft table=fw counter=pings direction=out\", "
        "\"far from=nft table=fw chain=out comment=far direction=out\"");
    start();
    ping(10);
    read_once();
    must(in(near_, {"nft", "reset", "counters"}));
    ping(4);
    stop();
    EXPECT_EQ(nft_octets("pings"), 4U * 1028);
    EXPECT_EQ(booked("rule pings").out, 14U * 1028);
    EXPECT_EQ(booked("rule far").out, 14U * 1028);
    const json losses = ask({"meters", "--losses"});
    ASSERT_EQ(losses.size(), 1U) << losses;
    EXPECT_EQ(losses[0].value("reason", ""), "counter-reset");
    EXPECT_EQ(losses[0].value("source", ""), "pings");
}

// A ruleset that is saved and loaded again has the counts of before.
TEST_F(ListedTest, RestoredRulesAreNotCountedTwice) {
    must(in(near_, {"iptables", "-A", "OUTPUT", "-p", "icmp", "-m", "comment", "--comment", "x",
                    "-j", "ACCEPT"}));
    configure_listed("\"x from=iptables chain=OUTPUT comment=x\"");
    start();
    ping(10);
    read_once();
    const Ended saved = support::run(in(near_, {"iptables-save", "-c"}));
    std::ofstream(folder_ / "rules") << saved.out;
    must(in(near_, {"iptables", "-F"}));
    read_once();
    must(in(near_, {"iptables-restore", "-c", folder_ / "rules"}));
    read_once();
    ping(3);
    stop();
    EXPECT_EQ(booked("rule x").out, 13U * 1028);
}

TEST_F(ListedTest, AListingOfAnotherProgram) {
    const auto write = [&](int packets) {
        std::ofstream(folder_ / "new") << "Chain OUTPUT (policy ACCEPT " << packets << " packets, "
                                       << packets * 100 << " bytes)\n";
        must({"mv", folder_ / "new", folder_ / "listing"});
    };
    write(50);
    configure_daemon("[[meter]]\nname = \"fw\"\nkind = \"listed\"\npoll = \"100ms\"\nlisting = \"" +
                     (folder_ / "listing") +
                     "\"\ncounters = [\"rest from=listing chain=OUTPUT policy=yes\"]\n");
    start();
    write(70);
    read_once();
    stop();
    EXPECT_EQ(booked("rule rest").out, 2000U);
}

TEST_F(ListedTest, DoctorNamesCountersThatAreNotThere) {
    const auto doctor = [&] {
        return support::run(in(near_, support::octroi(ledger_, {"--config", config_, "doctor"})))
            .out;
    };
    configure_listed("\"web from=nft table=fw counter=web direction=in\"");
    EXPECT_TRUE(doctor().contains("not there to be counted: web from=nft")) << doctor();
    must(in(near_, {"nft", "table inet fw { counter web { packets 0 bytes 0\n }\n }"}));
    EXPECT_TRUE(doctor().contains("each of its counters is there")) << doctor();
}

TEST_F(ListedTest, WhatIsNotThereIsSaidAndDoesNotStopTheDaemon) {
    configure_daemon(
        "[[meter]]\nname = \"links\"\nkind = \"interfaces\"\nrole = \"witness\"\n"
        "[[meter]]\nname = \"fw\"\nkind = \"listed\"\ncounters = [\"x from=nft counter=nothing "
        "direction=in\"]\n");
    start();
    EXPECT_TRUE(daemon_->err_so_far().contains("not there to be counted")) << daemon_->err_so_far();
    stop();
}

}  // namespace
}  // namespace octroi
