// SPDX-License-Identifier: GPL-3.0-or-later
// When rules come into force: never with a part of their elements. And which rule of a group
// counts.

#include "router.hpp"

namespace octroi::rules_test {
namespace {

class RuleSwitchTest : public RulesTest {
protected:
    [[nodiscard]] std::string table() const {
        return support::run(in(router_, {"nft", "list", "table", "inet", "octroi_rules"})).out;
    }
    // Addresses that are no prefix together, and the address of the sender.
    static std::string many_addresses(int first, int count) {
        std::string list = "\"172.16.3.2\"";
        for (int i = first; i < first + count; ++i)
            list += ",\"10." + std::to_string(i / 128) + "." + std::to_string(i % 128 * 2) + ".1\"";
        return list;
    }
    static std::string large_rules(int first) {
        return "[[rule]]\nname = \"many\"\ngroup = \"g\"\ndirection = \"out\"\naddress = [" +
               many_addresses(first, 12'000) + "]\n";
    }
    static constexpr std::uint64_t packet = 100 + headers;
};

// A new table, and another large rule set later: no packet counts for the rest, because the map is
// filled before the rules look it up.
TEST_F(RuleSwitchTest, RulesCountWithAllTheirElementsOnly) {
    write_config(large_rules(0));
    Process traffic(in(net_, {"python3", "-c", sender("198.51.100.2", 53, 60'000, 100)}));
    for (int round = 0; !traffic.has_ended(); ++round) {
        octroi_must({"rules", "flush"});
        octroi_must({"rules", "apply"});
        write_config(large_rules(round * 7 + 1));
        octroi_must({"rules", "apply"});
        auto counts = listed();
        EXPECT_EQ(counts["g.rest out"], Count()) << round;
        EXPECT_TRUE(traffic.has_ended() || counts["many out"].packets > 0) << round;
    }
    EXPECT_EQ(traffic.wait().status, 0);
    octroi_must({"rules", "apply"});
    const Count before = listed()["many out"];
    send(net_, "198.51.100.2", 53, 100, 100);
    EXPECT_EQ(listed()["many out"].packets, before.packets + 100);
}

// While rules change, each packet counts once.
TEST_F(RuleSwitchTest, NoPacketIsLostOrCountedTwiceByASwitch) {
    write_config(large_rules(0));
    octroi_must({"rules", "apply"});
    Process traffic(in(net_, {"python3", "-c", sender("198.51.100.2", 53, 60'000, 100)}));
    for (int round = 1; !traffic.has_ended(); ++round) {
        write_config(large_rules(round));
        octroi_must({"rules", "apply"});
    }
    EXPECT_EQ(traffic.wait().status, 0);
    auto counts = listed();
    EXPECT_EQ(counts["many out"], (Count{60'000, 60'000 * packet}));
    EXPECT_EQ(counts["g.rest out"], Count());
}

// What a process left that ended while it filled a map.
TEST_F(RuleSwitchTest, AMapThatIsHalfFilledIsFilled) {
    write_config("[[rule]]\nname = \"a\"\naddress = \"10.0.0.1\"\n");
    octroi_must({"rules", "apply"});
    write_config(large_rules(0));
    const std::string text = octroi_must({"rules", "apply", "--dry-run"}).out;
    const std::size_t begin = text.find("add map ");
    ASSERT_NE(begin, std::string::npos);
    must(in(router_, {"nft", text.substr(begin, text.find('\n', begin) - begin)}));
    octroi_must({"rules", "apply"});
    EXPECT_EQ(support::run(command({"rules", "check"})).status, 0);
    send(net_, "198.51.100.2", 53, 50, 100);
    EXPECT_EQ(listed()["many out"], (Count{50, 50 * packet}));
}

TEST_F(RuleSwitchTest, ADormantTableIsWoken) {
    write_config(seed_rules);
    octroi_must({"rules", "apply"});
    EXPECT_EQ(support::run(command({"rules", "check"})).status, 0);
    must(in(router_, {"nft", "add table inet octroi_rules { flags dormant; }"}));
    EXPECT_EQ(support::run(command({"rules", "check"})).status, 1);
    octroi_must({"rules", "apply"});
    send(net_, "198.51.100.2", 53, 10, 100);
    EXPECT_EQ(listed()["physics out"], (Count{10, 10 * packet}));
}

// docs/accounting-rules.md: the order of the file; between two rules with addresses, the sender.
TEST_F(RuleSwitchTest, TheFirstRuleOfAGroupCounts) {
    write_config(
        "[[rule]]\nname = \"dns\"\ngroup = \"g\"\nprotocol = \"udp\"\nto_port = \"53\"\n"
        "direction = \"out\"\n"
        "[[rule]]\nname = \"far\"\ngroup = \"g\"\naddress = \"198.51.100.2\"\n"
        "[[rule]]\nname = \"net\"\ngroup = \"g\"\naddress = \"172.16.3.0/24\"\n"
        "[[rule]]\nname = \"host\"\ngroup = \"g\"\naddress = \"172.16.3.2\"\n"
        "[[rule]]\nname = \"other\"\ngroup = \"h\"\naddress = \"172.16.3.2\"\n"
        "[[rule]]\nname = \"apart\"\naddress = \"172.16.3.2\"\n");
    octroi_must({"rules", "apply"});
    send(net_, "198.51.100.2", 53, 10, 100);
    send(net_, "198.51.100.2", 80, 20, 100);
    send(far_, "172.16.3.2", 4001, 30, 100);
    auto counts = listed();
    EXPECT_EQ(counts["dns out"].packets, 10U) << "the first in the file";
    EXPECT_EQ(counts["net out"].packets, 20U) << "the sender, although the receiver is before it";
    EXPECT_EQ(counts["far in"].packets, 0U);
    EXPECT_EQ(counts["far out"].packets, 30U);
    EXPECT_EQ(counts["net in"].packets, 0U);
    EXPECT_EQ(counts["host out"].packets, 0U) << "the wider one is before it";
    EXPECT_EQ(counts["g.rest out"].packets, 0U);
    // Other groups, and rules without one, count apart.
    EXPECT_EQ(counts["other out"].packets, 30U);
    EXPECT_EQ(counts["other in"].packets, 30U);
    EXPECT_EQ(counts["apart out"].packets, 30U);
}

// N4, N15, N16.
TEST_F(RuleSwitchTest, AreListedForBothDirections) {
    write_config(
        "[[rule]]\nname = \"net\"\nidentity = \"user alice\"\naddress = "
        "\"172.16.3.0/24\"\n");
    octroi_must({"rules", "apply"});
    send(net_, "198.51.100.2", 53, 10, 100);
    send(far_, "172.16.3.2", 4001, 30, 1000);
    const json rows = json::parse(octroi_must({"--json", "rules", "list", "--both"}).out);
    ASSERT_EQ(rows.size(), 1U);
    EXPECT_EQ(rows[0]["direction"], "i/o");
    EXPECT_EQ(rows[0]["packets"], 40);
    EXPECT_EQ(rows[0]["out_bytes"], 10 * packet);
    EXPECT_EQ(rows[0]["in_bytes"], 30 * (1000 + headers));
    EXPECT_EQ(rows[0]["bytes"], 10 * packet + 30 * (1000 + headers));
    const std::string rounded = octroi_must({"rules", "list"}).out;
    EXPECT_EQ(rounded.find("30840"), std::string::npos) << rounded;
    const std::string text = octroi_must({"rules", "list", "--extended"}).out;
    for (const char* part : {"30,840", "in-net/x", "identity = \"user alice\""})
        EXPECT_NE(text.find(part), std::string::npos) << part << "\n" << text;
    EXPECT_NE(octroi_must({"--bytes", "rules", "list"}).out.find("30,840"), std::string::npos);
    EXPECT_NE(support::run(command({"doctor"})).out.find("has what accounting rules need"),
              std::string::npos);
}

// N23: the counters of others and ours count the same from then on.
TEST_F(RuleSwitchTest, ImportedRulesCountAsTheirModels) {
    write_config("# empty\n");
    std::ofstream(folder_ / "model.nft")
        << "table inet model {\n set s {\n type ipv4_addr\n elements = { 172.16.3.2, 10.0.0.1 }\n"
           " }\n chain forward {\n type filter hook forward priority 0; policy accept;\n"
           "ip saddr @s udp dport { 53, 1000-2000 } counter\n"
           "ip daddr != 172.16.3.0/24 counter\n"
           "udp dport 80 counter accept\nip saddr 172.16.3.0/24 counter accept\n"
           "meta l4proto udp counter return\n }\n}\n";
    must(in(router_, {"nft", "-f", folder_ / "model.nft"}));
    const auto model = [&] {
        return support::run(in(router_, {"nft", "list", "table", "inet", "model"})).out;
    };
    std::ofstream(folder_ / "listed.nft") << model();
    octroi_must({"rules", "import", folder_ / "listed.nft"});
    send(net_, "198.51.100.2", 53, 10, 100);
    send(net_, "198.51.100.2", 80, 20, 100);
    send(net_, "198.51.100.2", 1500, 30, 100);
    send(far_, "172.16.3.2", 4001, 40, 100);
    const std::string text = model();
    auto counts = listed();
    for (const auto& [rule, packets] :
         std::vector<std::pair<std::string, std::uint64_t>>{{"forward-1 out", 40},
                                                            {"forward-2 in", 60},
                                                            {"forward-3 out", 20},
                                                            {"forward-4 out", 40},
                                                            {"forward-5 out", 40}}) {
        EXPECT_EQ(counts[rule], (Count{packets, packets * packet})) << rule;
        const std::string same = "counter packets " + std::to_string(packets) + " bytes " +
                                 std::to_string(packets * packet);
        EXPECT_NE(text.find(same), std::string::npos) << rule << "\n" << text;
    }
}

}  // namespace
}  // namespace octroi::rules_test
