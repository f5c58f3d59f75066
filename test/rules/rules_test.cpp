// SPDX-License-Identifier: GPL-3.0-or-later
// Accounting rules in the nftables of a real kernel, against what a generator sent through a
// router.
//
//     net (172.16.3.2) ── inside [router] ppp0 ── far (198.51.100.2)

#include "router.hpp"

namespace octroi::rules_test {
namespace {

// N5, N6, N8, N10, N11, N12, N13: each figure is that of the generator.
TEST_F(RulesTest, CountWhatTheGeneratorSent) {
    write_config(seed_rules);
    start();
    send(net_, "198.51.100.2", 53, 300, 100);
    send(net_, "198.51.100.2", 8080, 200, 1000);
    send(far_, "172.16.3.2", 40000, 70, 500);
    ping(10, 100);
    // 4008 octets of ICMP in fragments of 1480: 3 packets.
    ping(5, 4000);
    const Count essential{300, 300 * (100 + headers)};
    const Count nonessential{200, 200 * (1000 + headers)};
    const Count back{70, 70 * (500 + headers)};
    const Count echo{10 + 15, 10 * (100 + headers) + 5 * (4008 + 3 * 20)};
    const Count out{essential.packets + nonessential.packets + echo.packets,
                    essential.bytes + nonessential.bytes + echo.bytes};
    const Count in_count{back.packets + echo.packets, back.bytes + echo.bytes};
    const Count later{10, 5 * (4008 - 1480 + 2 * 20)};
    auto counts = listed();
    EXPECT_EQ(counts["physics out"], out);
    EXPECT_EQ(counts["physics in"], in_count);
    EXPECT_EQ(counts["between out"], out);
    EXPECT_EQ(counts["between in"], in_count);
    EXPECT_EQ(counts["host out"], out);
    EXPECT_EQ(counts["host in"], in_count);
    EXPECT_EQ(counts["essential out"], essential);
    EXPECT_EQ(counts["nonessential out"], nonessential);
    EXPECT_EQ(counts["nonessential in"], back);
    EXPECT_EQ(counts["fragments out"], later);
    EXPECT_EQ(counts["fragments in"], later);
    // A first fragment has the type of the message, later ones have none.
    EXPECT_EQ(counts["icmp out"], (Count{15, 10 * (100 + headers) + 5 * 1500}));
    EXPECT_EQ(counts["icmp in"], Count());
    // The rules of a group and its rest are the whole.
    for (const char* way : {" out", " in"}) {
        Count whole;
        for (const char* rule : {"essential", "nonessential", "services.rest"}) {
            whole.packets += counts[std::string(rule) + way].packets;
            whole.bytes += counts[std::string(rule) + way].bytes;
        }
        EXPECT_EQ(whole, counts[std::string("physics") + way]) << way;
    }
    expect_booked("physics", out, in_count);
    expect_booked("essential", essential, {});
    stop(SIGTERM);
    octroi_must({"audit"});
}

// The kernel counts while no daemon runs, and a kill counts nothing twice.
TEST_F(RulesTest, AreExactAfterAKill) {
    write_config(seed_rules);
    start();
    constexpr int sent = 60'000;
    Process traffic(in(net_, {"python3", "-c", sender("198.51.100.2", 53, sent, 100)}));
    int kills = 0;
    for (; !traffic.has_ended(); ++kills) {
        stop(SIGKILL);
        start();
    }
    EXPECT_EQ(traffic.wait().status, 0);
    EXPECT_GT(kills, 1);
    const auto count = static_cast<std::uint64_t>(sent);
    expect_booked("physics", {count, count * (100 + headers)}, {});
    stop(SIGTERM);
    octroi_must({"audit"});
}

// N19: the kernel's counters are read while they grow, and rules change meanwhile.
TEST_F(RulesTest, AreExactWhileTheyAreReadAndChanged) {
    write_config(seed_rules);
    start();
    constexpr int datagrams = 100'000;
    Process traffic(in(net_, {"python3", "-c", sender("198.51.100.2", 53, datagrams, 100)}));
    int readings = 0;
    while (!traffic.has_ended()) {
        (void)listed();
        if (++readings % 10 != 0) continue;
        const std::string name = "extra" + std::to_string(readings);
        octroi_must({"rules", "add", name, "address=10.9.0.0/16", "interface=ppp0"});
        octroi_must({"rules", "delete", name});
    }
    EXPECT_EQ(traffic.wait().status, 0);
    EXPECT_GT(readings, 10);
    const Count all{datagrams, datagrams * (100 + headers)};
    EXPECT_EQ(listed()["physics out"], all);
    expect_booked("physics", all, {});
    EXPECT_EQ(octroi_must({"--json", "meters", "--losses"}).out.find("counter"), std::string::npos);
    stop(SIGTERM);
    octroi_must({"audit"});
}

// N21
TEST_F(RulesTest, TouchNothingOfOthers) {
    write_config(seed_rules);
    must(in(router_, {"nft", "add", "table", "inet", "foreign"}));
    must(in(router_, {"nft", "add", "counter", "inet", "foreign", "out-physics"}));
    must(in(router_, {"nft", "add", "chain", "inet", "foreign", "forward",
                      "{ type filter hook forward priority 0; }"}));
    must(in(router_, {"nft", "add", "rule", "inet", "foreign", "forward", "counter", "name",
                      "out-physics"}));
    send(net_, "198.51.100.2", 53, 10, 100);
    const Arguments list = in(router_, {"nft", "list", "ruleset"});
    const std::string before = support::run(list).out;
    EXPECT_NE(before.find("packets 10"), std::string::npos);
    EXPECT_EQ(support::run(command({"rules", "check"})).status, 1);
    octroi_must({"rules", "apply", "--dry-run"});
    octroi_must({"rules", "flush", "--dry-run"});
    EXPECT_EQ(support::run(list).out, before);
    octroi_must({"rules", "apply"});
    EXPECT_EQ(support::run(command({"rules", "check"})).status, 0);
    EXPECT_NE(support::run(list).out.find("octroi_rules"), std::string::npos);
    octroi_must({"rules", "apply"});
    octroi_must({"rules", "flush"});
    EXPECT_EQ(support::run(list).out, before);
    octroi_must({"rules", "flush"});
}

// N4, N9, N23
TEST_F(RulesTest, AreAddedInsertedDeletedAndImported) {
    write_config("# a comment\n");
    octroi_must({"rules", "add", "web", "interface=ppp0", "protocol=tcp", "port=80,https"});
    octroi_must({"rules", "insert", "ssh", "web", "interface=ppp0", "protocol=tcp", "port=22"});
    const Ended refused = support::run(command({"rules", "add", "bad", "port=80"}));
    EXPECT_EQ(refused.status, 2);
    EXPECT_NE(refused.err.find("a port needs a protocol"), std::string::npos) << refused.err;
    const std::string text = support::text_of(config_);
    EXPECT_LT(text.find("\"ssh\""), text.find("\"web\""));
    EXPECT_NE(text.find("# a comment"), std::string::npos);
    EXPECT_EQ(text.find("\"bad\""), std::string::npos);
    octroi_must({"rules", "delete", "ssh"});
    // Until a meter has read it: its last reading may be due.
    EXPECT_EQ(listed().count("ssh out"), 1U);
    std::ofstream(folder_ / "old.sh")
        << "ipfwadm -A out -a -P udp -S 172.16.3.0/24 -D 0/0 53 -W ppp0\n"
           "ipchains -A forward -i ppp0 -p udp -s 172.16.3.0/24 -d 0/0 53\n"
           "iptables -A FORWARD -o ppp0 -s 172.16.3.0/24 -p udp -m udp --dport 53\n";
    octroi_must({"rules", "import", folder_ / "old.sh"});
    send(net_, "198.51.100.2", 53, 25, 100);
    auto counts = listed();
    for (const char* rule : {"out-1 out", "forward-1 out", "FORWARD-1 out"})
        EXPECT_EQ(counts[rule], (Count{25, 25 * (100 + headers)})) << rule;
    octroi_must({"rules", "add", "dns", "protocol=udp", "local_port=53"});
    counts = listed();
    EXPECT_EQ(counts.count("web out"), 1U);
    EXPECT_EQ(counts["out-1 out"].packets, 25U);
}

}  // namespace
}  // namespace octroi::rules_test
